"""Fence agent stonith.fence_agents: any agent of the fence-agents packages."""
