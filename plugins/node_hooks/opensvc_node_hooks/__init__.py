"""Commands of the administrator before and after actions, and when a status changes."""
