from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import plaintext2html

# What only a run of the test writes: nobody claims another's run by hand, by RPC or by import.
ENGINE_FIELDS = {'tester_id', 'run_datetime', 'task_id'}


class ImplementationTest(models.Model):
    """ Something that was configured is tried by doing what the client will do (P4).

    E.g. a test offer, a check of the synchronisation, a test order with a shipping label. Who ran
    it, when and with which result stays in the chatter, also of the runs before.
    """

    _name = 'implementation.test'
    _description = "Test of an Implementation"
    _inherit = ['implementation.item.mixin', 'mail.thread']
    _order = 'project_id, sequence, id'

    name = fields.Char(string="Test", required=True)
    sequence = fields.Integer(default=10)
    subject = fields.Char(
        string="What Is Tested", help="E.g. the integration with the shop, or a courier.",
    )
    steps = fields.Text(help="What the tester does, step by step, as the client will do it.")
    expected = fields.Text(string="Expected Result")
    result = fields.Selection(
        selection=[('not_run', "Not Run"), ('passed', "Passed"), ('failed', "Failed")],
        default='not_run',
        required=True,
        copy=False,
        tracking=True,
    )
    remark = fields.Text(copy=False, tracking=True, help="What was seen, e.g. the message shown.")
    attachment_ids = fields.Many2many(
        comodel_name='ir.attachment',
        relation='implementation_test_attachment_rel',
        column1='test_id',
        column2='attachment_id',
        string="Evidence",
        copy=False,
        bypass_search_access=True,
        help="E.g. a picture of the order, or the label that was printed.",
    )
    tester_id = fields.Many2one(
        comodel_name='res.users', string="Run by", readonly=True, copy=False, tracking=True,
        ondelete='set null',
    )
    run_datetime = fields.Datetime(string="Run on", readonly=True, copy=False, tracking=True)
    task_id = fields.Many2one(
        comodel_name='project.task', string="Task", readonly=True, copy=False, ondelete='set null',
        index='btree_not_null',
        help="Opened when the test failed. It is closed by hand.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_engine_values(vals)
        tests = super().create(vals_list)
        tests.filtered(lambda test: test.result != 'not_run')._register_run()
        return tests

    def write(self, vals):
        self._check_engine_values(vals)
        result = super().write(vals)
        if 'result' in vals:
            self._register_run()
        return result

    # === ACTION METHODS === #

    def action_pass(self):
        """ Register that the tests were run now, and passed. """
        self.write({'result': 'passed'})

    def action_fail(self):
        """ Register that the tests were run now, and failed: a task is opened for each. """
        self.write({'result': 'failed'})

    def action_reset(self):
        """ Register that the tests have to be run again, e.g. because the set-up was changed. """
        self.write({'result': 'not_run'})

    def action_open_task(self):
        """ Open the task of the failed test. """
        self.ensure_one()
        return self.task_id.action_open_task()

    # === BUSINESS METHODS === #

    @api.model
    def _get_engine_fields(self):
        return super()._get_engine_fields() | ENGINE_FIELDS

    def _check_engine_values(self, vals):
        """ Refuse to write by hand what a run of the test writes.

        :raise AccessError: if a user writes who ran a test or when
        """
        if vals.keys() & ENGINE_FIELDS and not self.env.su:
            raise AccessError(self.env._(
                "Who ran a test and when is noted when its result is set. It is not written by "
                "hand.",
            ))

    def _register_run(self):
        """ Note who set the results, and open a task for each test that failed.

        :raise UserError: if a test belongs to a template: it is run when there is something to try
        """
        run = self.filtered(lambda test: test.result != 'not_run')
        if run.project_id.filtered('is_template'):
            raise UserError(self.env._(
                "The tests of a template are run in the implementations that are made from it.",
            ))
        # sudo: implementation.test - what is noted is the user who set the result, and now
        run.sudo().write({'tester_id': self.env.uid, 'run_datetime': fields.Datetime.now()})
        (self - run).sudo().write({'tester_id': False, 'run_datetime': False})
        run.filtered(lambda test: test.result == 'failed')._open_tasks()
        for test in run.filtered(lambda test: test.result == 'passed' and test.task_id):
            # sudo: project.task - whoever runs the test tells those who work on the task
            test.task_id.sudo().message_post(body=self.env._(
                "%(user)s ran the test “%(test)s” again: it passed. Close the task if nothing is "
                "left to do.",
                user=self.env.user.name, test=test.name,
            ))

    def _open_tasks(self):
        """ Open a task for each failed test; a test has one for all its runs. """
        # sudo: project.task - of the project that the user tests
        without = self.sudo().filtered(lambda test: not test.task_id)
        tasks = without.env['project.task'].create([
            test._prepare_task_values() for test in without
        ])
        for test, task in zip(without, tasks):
            test.task_id = task
        for test in self - without:
            task = test.sudo().task_id
            if task.is_closed:
                task.state = '01_in_progress'
            task.message_post(body=self.env._(
                "%(user)s ran the test “%(test)s” again: it failed. %(remark)s",
                user=self.env.user.name, test=test.name, remark=test.remark or '',
            ))

    def _prepare_task_values(self):
        """ Return the values of the task that is opened when the test failed. """
        self.ensure_one()
        return {
            'name': self.env._("Failed test: %(test)s", test=self.name),
            'project_id': self.project_id.id,
            'phase_id': self.project_id.phase_id.id,
            'user_ids': [Command.set(self.project_id.user_id.ids)],
            'description': plaintext2html('\n\n'.join(filter(None, [
                self.subject, self.steps, self.expected, self.remark,
            ]))),
        }
