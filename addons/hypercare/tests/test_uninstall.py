from odoo.tests import tagged

from odoo.addons.hypercare import uninstall_hook

from .common import HypercareCommon


@tagged('post_install', '-at_install')
class TestUninstall(HypercareCommon):
    """ What is left when the addon goes. """

    def test_what_was_promised_in_hypercare_only_is_not_promised_to_everybody(self):
        common = {'company_id': self.company.id, 'target': 'first_response', 'time': 1}
        general, tight = self.env['helpdesk.sla'].create([
            {**common, 'name': "General"},
            {**common, 'name': "Hypercare", 'only_hypercare': True},
        ])
        uninstall_hook(self.env)
        self.assertEqual((general | tight).mapped('active'), [True, False])

    def test_topics_of_tickets_keep_nothing_from_going(self):
        topic = self.env['hypercare.topic'].create({'name': "Returns"})
        self._create_tickets(hypercare_topic_id=topic.id)
        self.env['hypercare.training.item'].create({
            'period_id': self.period.id, 'topic_id': topic.id,
        })
        self.env.flush_all()
        uninstall_hook(self.env)
        topic.unlink()
