import logging
from collections import defaultdict

from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import mute_logger

from odoo.addons.helpdesk_sla.tools.each import do_each

_logger = logging.getLogger(__name__)


class HypercarePeriod(models.Model):
    """ The second wave of training: what several people asked about is trained (G5). """

    _inherit = 'hypercare.period'

    training_threshold = fields.Integer(
        string="Propose a Training from",
        default=3,
        required=True,
        help="How many different people of the client have to ask about a topic before it is "
             "proposed as a training.",
    )
    training_item_ids = fields.One2many(
        comodel_name='hypercare.training.item', inverse_name='period_id', string="Training",
    )
    training_item_count = fields.Integer(compute='_compute_training_item_count')

    _training_threshold_positive = models.Constraint(
        'CHECK (training_threshold > 0)',
        "At least one person has to ask before a training is proposed.",
    )

    # === COMPUTE METHODS === #

    @api.depends('training_item_ids.state')
    def _compute_training_item_count(self):
        counts = dict(self.env['hypercare.training.item']._read_group(
            [('period_id', 'in', self.ids), ('state', '!=', 'skipped')],
            ['period_id'], ['__count'],
        ))
        for period in self:
            period.training_item_count = counts.get(period._origin, 0)

    # === ACTION METHODS === #

    def action_view_training_items(self):
        """ Open the topics of the second training of the window. """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'hypercare.hypercare_training_item_action',
        )
        action['domain'] = [('period_id', '=', self.id)]
        action['context'] = {'default_period_id': self.id}
        return action

    # === BUSINESS METHODS === #

    def _get_topic_counts(self, topics=None):
        """ Count the questions of the windows about topics, and who asked: one query.

        :param topics: hypercare.topic; all by default
        :return: how many questions and how many different people, by window and topic
        :rtype: dict[tuple[hypercare.period, hypercare.topic], tuple[int, int]]
        """
        domain = Domain('hypercare_id', 'in', self.ids) & (
            Domain('hypercare_topic_id', 'in', topics.ids) if topics is not None
            else Domain('hypercare_topic_id', '!=', False)
        )
        # sudo: helpdesk.ticket - only counted: how often something is asked does not depend on who
        # looks at it
        groups = self.env['helpdesk.ticket'].sudo()._read_group(
            domain, ['hypercare_id', 'hypercare_topic_id'],
            ['__count', 'partner_id:count_distinct'],
        )
        return {
            (period.with_env(self.env), topic.with_env(self.env)): (count, people)
            for period, topic, count, people in groups
        }

    def _propose_trainings(self, topics=None):
        """ Propose trainings on what enough different people of the client asked about.

        A topic that was proposed once is not proposed again, also when it was skipped.

        :param topics: hypercare.topic to look at; all by default
        :return: the new hypercare.training.item, as superuser
        """
        # sudo: hypercare.training.item - a proposal follows from the questions, whoever notes them
        items_sudo = self.env['hypercare.training.item'].sudo()
        counts = self.sudo()._get_topic_counts(topics)
        ripe = {
            (period, topic): people for (period, topic), (_count, people) in counts.items()
            if people >= period.training_threshold and period.state == 'running'
        }
        if not ripe:
            return items_sudo
        known = {
            (period, topic) for period, topic in items_sudo._read_group(
                [('period_id', 'in', [period.id for period, _topic in ripe])],
                ['period_id', 'topic_id'],
            )
        }
        missing = [pair for pair in ripe if pair not in known]
        if not missing:
            return items_sudo
        try:
            with self.env.cr.savepoint(), mute_logger('odoo.sql_db'):
                items_sudo = items_sudo.create([
                    {'period_id': period.id, 'topic_id': topic.id} for period, topic in missing
                ])
        except IntegrityError:
            # somebody else proposes the same at this moment; the daily job sees to the others
            return items_sudo
        by_period = defaultdict(list)
        for period, topic in missing:
            by_period[period].append(topic.name)
        self.env['hypercare.period'].sudo().union(*by_period)._message_log_batch(bodies={
            period.id: self.env._(
                "Proposed for the second training, as several people asked: %(topics)s.",
                topics=', '.join(names),
            )
            for period, names in by_period.items()
        })
        return items_sudo

    def _get_training_answers(self):
        """ Return the topics that the client's people asked about and that have an answer.

        :rtype: hypercare.topic
        """
        self.ensure_one()
        topics = self.env['hypercare.topic'].union(
            *(topic for _period, topic in self._get_topic_counts()),
            self.training_item_ids.topic_id,
        )
        return topics.filtered(lambda topic: topic.active and topic.has_answer).sorted('name')

    def _get_portal_page_values(self, partner):
        values = super()._get_portal_page_values(partner)
        values.update({
            'training_items': self.training_item_ids.filtered(
                lambda item: item.state in ('planned', 'held'),
            ).sorted(lambda item: (item.date, item.id)),
            'training_answers': self._get_training_answers(),
        })
        return values

    # === CRON METHODS === #

    @api.model
    def _cron_propose_trainings(self, batch_size=50):
        """ Propose what assignments missed, in batches that are kept as they are done. """
        ids = self.search([('state', '=', 'running')], order='id').ids
        self.env['ir.cron']._commit_progress(remaining=len(ids))
        while ids:
            batch, ids = self.browse(ids[:batch_size]), ids[batch_size:]
            do_each(
                batch.exists(), lambda periods: periods._propose_trainings(),
                _logger, "Trainings of %s could not be proposed",
            )
            if not self.env['ir.cron']._commit_progress(len(batch), remaining=len(ids)):
                break
