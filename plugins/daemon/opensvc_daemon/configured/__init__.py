"""The cluster and its services as the files of configuration say, in the words of the decision."""
