"""Who there is: regions, departments, sectors, organisations, people, the posts they hold, and the roster that tells of them."""
