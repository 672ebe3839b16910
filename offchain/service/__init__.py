"""What every off-chain service needs: settings, a durable journal, a server."""
