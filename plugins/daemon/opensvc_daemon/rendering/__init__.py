"""How the cluster is shown: from its document to text, pure."""
