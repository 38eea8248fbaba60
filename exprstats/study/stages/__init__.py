"""Stages of a study, one file each; the central path in one."""
