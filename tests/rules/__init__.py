"""A seeded simulation of rules: ours beside Flagger's, Argo's and Kayenta's."""
