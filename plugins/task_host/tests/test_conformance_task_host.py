"""The driver task.host keeps what every driver of tasks promises."""

from opensvc_core.testing.conformance import Case, TaskConformance


class TestConformance(TaskConformance):
    def case(self, folder):
        text = f"[task#1]\ntype = host\ncommand = touch {folder}/done\n"
        hanging = "[task#1]\ntype = host\ncommand = sleep 983 & sleep 982; true\ntimeout = 0.5s\noptional = false\n"
        return Case(text, rid="task#1", hanging=hanging)
