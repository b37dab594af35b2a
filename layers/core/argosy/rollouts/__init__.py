"""Argo Rollouts as pure decisions: what to do next about a Rollout, an AnalysisRun or an Experiment."""
