"""What runs beside the calls: jobs and deliveries."""
