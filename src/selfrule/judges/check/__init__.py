"""What a judge is checked with: attacks that try to steer it, labelled conversations, anchors; and the pure functions that
tell what came of it. Run by `selfrule.study.judge_check`; nothing is read at import.
"""
