"""The sample shops: a configuration file, and customers to go with it."""
