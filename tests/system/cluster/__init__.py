"""A cluster in the lab: real daemons on nodes made of namespaces, services that write down when they live, clients that ask for them."""

from cluster.intervals import Interval as Interval
from cluster.intervals import overlaps as overlaps
from cluster.members import Cluster as Cluster
from cluster.members import started as started
from cluster.prober import Prober as Prober
