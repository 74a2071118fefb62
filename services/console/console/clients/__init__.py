"""The clients of the platform's services. Each call has a time limit, and a hung service holds up no other."""
