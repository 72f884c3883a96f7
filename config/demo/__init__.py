"""The demo: what a stranger runs first; it draws a dataset, buys a training over HTTP and shows what was learned."""
