"""Configuration: from the text of a file to sections, keywords, values and findings. Pure: what it refers to comes in as values."""
