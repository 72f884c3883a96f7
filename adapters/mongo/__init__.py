"""Documents on MongoDB through motor, for installs of many machines: one collection a record class."""
