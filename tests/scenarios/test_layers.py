"""`om node get` reads node.conf over cluster.conf; `om cluster get` what the cluster says."""


def test_the_node_wins_over_the_cluster(root):
    root.write("etc/cluster.conf", "[cluster]\nname = clu1\nnodes = n1 n2\n\n[node]\nmax_parallel = 4\n")
    root.write("etc/node.conf", "[cluster]\nname = mine\n")
    assert root("om node get --kw cluster.name").stdout == "mine\n"
    assert root("om node get --kw cluster.nodes").stdout == "n1 n2\n"
    assert root("om node get --kw node.max_parallel --eval").stdout == "4\n"
    assert root("om cluster get --kw cluster.name").stdout == "clu1\n"
    assert root("om cluster get --kw node.max_parallel").stdout == "4\n"


def test_what_neither_says_has_its_default_when_it_is_evaluated(root):
    assert root("om node get --kw cluster.name", code=1).stdout == ""
    assert root("om node get --kw cluster.name --eval").stdout == "default\n"


def test_the_text_of_a_file_is_its_own(root):
    root.write("etc/cluster.conf", "[cluster]\nname = clu1\n")
    root.write("etc/node.conf", "[node]\nenv = TST\n")
    assert root("om node print config").stdout == "[node]\nenv = TST\n"
