"""The pages of an older agent's documentation, and the scripts that replay them: each command, and what it prints."""

from tutorial.accounts import Account, account
from tutorial.pages import PAGES, Page, adaptations, page
from tutorial.replaying import Machine, replay
from tutorial.steps import Kind, Step, read

__all__ = ["PAGES", "Account", "Kind", "Machine", "Page", "Step", "account", "adaptations", "page", "read", "replay"]
