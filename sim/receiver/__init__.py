"""The far end of outgoing webhooks: the shops' and the couriers' systems."""
