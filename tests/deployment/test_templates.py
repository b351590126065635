"""The reading of templates: it is the SAM CLI's."""

import json

import pytest
from samcli.yamlhelper import yaml_parse

from templates import parsed, texts


@pytest.mark.parametrize("name", texts())
def test_are_read_as_sam_reads_them(name: str) -> None:
    text = texts()[name]
    assert parsed(text) == json.loads(json.dumps(yaml_parse(text)))
