import subprocess
import sys

import pytest

from ontarget.errors import UserError
from ontarget.prompts.template import PromptTemplate
from ontarget.settings.decoding import Boosting, Prior
from ontarget.translation.system import System


def test_a_system_is_described_without_torch() -> None:
    code = "import sys, ontarget.translation.system; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("how", [{"prior": Prior()}, {"boosting": Boosting()}])
def test_what_learns_from_text_needs_some(how: dict) -> None:
    with pytest.raises(UserError, match="the system 'mine' learns from text"):
        System("mine", PromptTemplate.load("plain"), **how)
