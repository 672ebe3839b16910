"""What the contracts' view functions must answer, by the tables: one file an area of the protocol."""
