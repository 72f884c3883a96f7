"""Jobs: work for a worker, from submission to settlement, through leases."""
