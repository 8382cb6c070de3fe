"""Odoo's own check of manifests (test_lint), which lacks one key that Odoo itself reads."""

from unittest.mock import patch

from odoo.modules.module import Manifest

from odoo.addons.test_lint.tests import test_manifests as stock

from .test_environment import ADDONS


class TestManifests(stock.ManifestLinter):
    @patch.object(stock, "MANIFEST_KEYS", stock.MANIFEST_KEYS | {"excludes"})
    def test_manifests(self):
        for path in ADDONS.glob("*/__manifest__.py"):
            manifest = Manifest.for_addon(path.parent.name)
            with self.subTest(addon=manifest.name), self.assertNoLogs(stock._logger, "WARNING"):
                self._test_manifest_keys(manifest)
                self._test_manifest_values(manifest)
