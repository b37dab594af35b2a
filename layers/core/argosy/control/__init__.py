"""The control core: work items, timers, decisions, effects, and the loop in which every controller runs.

keys and digests name objects and say when one has changed; `wakes` and `timers` bring an object's turn about; `effects` is
what a decision is made of; `units` carries its writes out, `claims` its calls; `state` is what is kept of an object between
turns; `loop` is a turn.
"""
