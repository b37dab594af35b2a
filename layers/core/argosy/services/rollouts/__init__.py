"""The controllers of Argo Rollouts' kinds, on the hub's copy of their clusters."""
