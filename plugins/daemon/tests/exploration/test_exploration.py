"""Every state of small clusters, as far as a test run goes, by the decision itself."""

import pytest
from opensvc_daemon.exploration.models import LIMIT, MODELS
from opensvc_daemon.exploration.search import explore


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_nothing_is_wrong_in_any_state(model, record_property):
    result = explore(model._replace(limit=LIMIT))
    record_property("explored", ("decision", result.states))
    assert result.found is None, str(result.found)


def test_no_model_is_named_twice():
    assert len({model.name for model in MODELS}) == len(MODELS)


def test_small_models_are_explored_to_their_end():
    model = next(model for model in MODELS if model.name == "none: a crash, a cut")
    result = explore(model)
    assert result.is_complete
    assert result.states > 100
