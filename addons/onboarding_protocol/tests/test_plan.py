""" The success plan (P2). """

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MailCase

PIXEL = (
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
)


class PlanCase(TransactionCase):
    """ Harbor is the client; Tomasz its coordinator, Ola a colleague who sees the whole company.

    The rival is another client. `consultant` is the supervisor, `seller` sells, `outsider` is an
    employee without a right on projects.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env['base'].with_context(
            mail_create_nolog=True, mail_notrack=True, tracking_disable=True,
        ).env
        cls.consultant = new_test_user(
            cls.env, 'test_consultant', groups='project.group_project_user',
            email='consultant@provider.example',
        )
        cls.seller = new_test_user(
            cls.env, 'test_seller',
            groups='sales_team.group_sale_salesman_all_leads,project.group_project_manager',
        )
        cls.outsider = new_test_user(cls.env, 'test_outsider', groups='base.group_user')
        cls.client, cls.rival = cls.env['res.partner'].create([
            {'name': "Harbor", 'is_company': True}, {'name': "Rival", 'is_company': True},
        ])
        cls.coordinator, cls.colleague, cls.stranger = cls.env['res.partner'].create([
            {'name': "Tomasz", 'parent_id': cls.client.id, 'email': 'tomasz@harbor.example'},
            {
                'name': "Ola", 'parent_id': cls.client.id, 'email': 'ola@harbor.example',
                'helpdesk_portal_role': 'company',
            },
            {'name': "Rita", 'parent_id': cls.rival.id, 'email': 'rita@rival.example'},
        ])
        cls.portal_users = {
            partner: new_test_user(
                cls.env, login, groups='base.group_portal', partner_id=partner.id, password=login,
                name=partner.name,
            )
            for partner, login in (
                (cls.coordinator, 'test_tomasz'), (cls.colleague, 'test_ola'),
                (cls.stranger, 'test_rita'),
            )
        }
        cls.project, cls.other_project = cls.env['project.project'].create([
            {
                'name': "Harbor implementation",
                'implementation_kind': 'implementation',
                'partner_id': cls.client.id,
                'coordinator_id': cls.coordinator.id,
                'user_id': cls.consultant.id,
                'company_id': cls.env.company.id,
            },
            {
                'name': "Rival implementation",
                'implementation_kind': 'implementation',
                'partner_id': cls.rival.id,
                'coordinator_id': cls.stranger.id,
                'user_id': cls.consultant.id,
                'company_id': cls.env.company.id,
            },
        ])
        cls.phase = cls.env.ref('onboarding_protocol.phase_configuration')

    @classmethod
    def _new_plan(cls, project=None, **values):
        return cls.env['implementation.plan'].create({
            'project_id': (project or cls.project).id,
            'line_ids': [
                Command.create({'name': "Allegro account", 'quantity': 2}),
                Command.create({'name': "DPD", 'kind': 'courier'}),
                Command.create({'name': "Amazon account", 'timing': 'later', 'quantity': 3}),
            ],
            **values,
        })

    def _sign(self, plan):
        plan.with_user(self.consultant).action_send()
        plan.project_id._portal_sign_plan(plan.coordinator_id, plan.id, "Tomasz", PIXEL)
        return plan

    def _line(self, plan, name):
        return plan.line_ids.filtered(lambda line: line.name == name)


@tagged('post_install', '-at_install')
class TestPlan(PlanCase, MailCase):

    # === THE GATE === #

    def test_P2_configuration_waits_for_the_signed_plan(self):
        due, = self.project._gate_plan_signed(self.phase)[self.project]
        self.assertEqual((due.side, due.owner), ('us', self.consultant.name))
        plan = self._new_plan(date_due='2030-01-31')
        self.assertEqual(self.project._gate_plan_signed(self.phase)[self.project][0].side, 'us')
        plan.action_send()
        due, = self.project._gate_plan_signed(self.phase)[self.project]
        self.assertEqual((due.side, due.owner, str(due.date)), ('client', "Tomasz", '2030-01-31'))
        self.assertIn(f'/my/implementation/{self.project.id}', due.url)
        self.project._portal_sign_plan(self.coordinator, plan.id, "Tomasz", PIXEL)
        self.assertNotIn(self.project, self.project._gate_plan_signed(self.phase))

    def test_P2_later_version_that_waits_does_not_close_the_gate_again(self):
        plan = self._sign(self._new_plan())
        plan.action_new_version()
        self.project.open_plan_id.action_send()
        self.assertNotIn(self.project, self.project._gate_plan_signed(self.phase))
        self.assertTrue(any("version 2" in due.text for due in self.project._get_dues()))

    def test_P2_gate_asks_for_many_implementations_at_once(self):
        def count(projects):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            projects._gate_plan_signed(self.phase)
            return self.env.cr.sql_log_count - before

        projects = self.env['project.project'].create([
            {
                'name': f"Implementation {number}",
                'implementation_kind': 'implementation',
                'partner_id': self.client.id,
                'coordinator_id': self.coordinator.id,
                'user_id': self.consultant.id,
                'company_id': self.env.company.id,
            } for number in range(12)
        ])
        for project in projects:
            self._new_plan(project).action_send()
        count(projects[:2])  # caches
        self.assertEqual(count(projects[:2]), count(projects))

    def test_P2_takeover_without_that_gate_owes_no_plan(self):
        takeover = self.env['project.project'].create({
            'name': "Takeover", 'implementation_kind': 'takeover', 'partner_id': self.client.id,
            'company_id': self.env.company.id,
        })
        self.assertTrue([due for due in self.project._get_dues() if "plan" in due.text])
        self.assertFalse([due for due in takeover._get_dues() if "plan" in due.text])

    # === SIGNING === #

    def test_P2_plan_is_sent_to_the_coordinator(self):
        plan = self._new_plan()
        with self.mock_mail_gateway():
            plan.with_user(self.consultant).action_send()
        self.assertEqual(plan.state, 'sent')
        mail = self._new_mails.filtered(lambda mail: mail.model == 'implementation.plan')
        self.assertEqual(mail.recipient_ids, self.coordinator)
        self.assertIn(f'/my/implementation/{self.project.id}', mail.body_html)

    def test_P2_plan_that_nobody_can_sign_is_not_sent(self):
        self.portal_users[self.coordinator].unlink()
        with self.assertRaisesRegex(UserError, "Grant it on the contact"):
            self._new_plan().action_send()

    def test_P2_plan_without_lines_is_not_sent(self):
        with self.assertRaisesRegex(UserError, "promises nothing"):
            self._new_plan(line_ids=False).action_send()

    def test_P2_only_the_coordinator_signs(self):
        plan = self._new_plan()
        plan.action_send()
        with self.assertRaisesRegex(UserError, "Tomasz signs"):
            self.project._portal_sign_plan(self.colleague, plan.id, "Ola", PIXEL)
        self.assertEqual(plan.state, 'sent')

    def test_P2_signature_and_name_are_needed(self):
        plan = self._new_plan()
        plan.action_send()
        with self.assertRaisesRegex(UserError, "fill in the name"):
            self.project._portal_sign_plan(self.coordinator, plan.id, " ", PIXEL)
        with self.assertRaisesRegex(UserError, "signature is missing"):
            self.project._portal_sign_plan(self.coordinator, plan.id, "Tomasz", False)

    def test_P2_plan_of_another_implementation_is_not_signed(self):
        plan = self._new_plan(self.other_project)
        plan.action_send()
        with self.assertRaisesRegex(UserError, "not offered"):
            self.project._portal_sign_plan(self.coordinator, plan.id, "Tomasz", PIXEL)

    def test_P2_draft_is_not_signed(self):
        plan = self._new_plan()
        with self.assertRaisesRegex(UserError, "not offered"):
            self.project._portal_sign_plan(self.coordinator, plan.id, "Tomasz", PIXEL)

    def test_P2_signed_copy_is_kept_with_the_implementation(self):
        self._sign(self._new_plan())
        message = self.project.message_ids.filtered('attachment_ids')
        self.assertEqual(message.author_id, self.coordinator)
        self.assertTrue(message.attachment_ids.name.endswith('.pdf'))

    # === IMMUTABILITY === #

    def test_P2_what_was_signed_is_not_changed_by_rpc(self):
        plan = self._sign(self._new_plan())
        line = plan.line_ids[:1]
        for values in (
            {'name': "Other"}, {'quantity': 9}, {'kind': 'other'}, {'timing': 'later'},
            {'remark': "x"}, {'state': 'dropped'},
        ):
            with self.subTest(values=values), self.assertRaises(UserError):
                line.with_user(self.consultant).write(values)
        for write in (
            lambda: plan.with_user(self.seller).write({'note': "x"}),
            lambda: plan.with_user(self.seller).write({'project_id': self.other_project.id}),
            lambda: plan.with_user(self.seller).write({
                'line_ids': [Command.create({'name': "More"})],
            }),
            lambda: plan.with_user(self.seller).write({'line_ids': [Command.clear()]}),
            lambda: line.with_user(self.seller).unlink(),
            lambda: plan.with_user(self.seller).unlink(),
        ):
            with self.assertRaises(UserError):
                write()

    def test_P2_line_is_not_moved_into_or_out_of_a_signed_plan(self):
        plan = self._sign(self._new_plan())
        other = self._new_plan(self.other_project)
        with self.assertRaises(UserError):
            other.line_ids[0].plan_id = plan
        with self.assertRaises(UserError):
            plan.line_ids[0].plan_id = other

    def test_P2_what_waits_for_the_signature_is_not_changed(self):
        plan = self._new_plan()
        plan.action_send()
        with self.assertRaisesRegex(UserError, "back to draft"):
            plan.line_ids[0].name = "Other"
        plan.action_draft()
        plan.line_ids[0].name = "Other"

    def test_P2_nobody_signs_by_rpc(self):
        plan = self._new_plan().with_user(self.seller)
        for values in (
            {'state': 'signed'}, {'signed_by': "Me"}, {'signed_on': '2026-01-01'},
            {'signature': PIXEL}, {'number': 7},
        ):
            with self.subTest(values=values), self.assertRaises(AccessError):
                plan.write(values)
        with self.assertRaises(AccessError):
            plan.create({'project_id': self.other_project.id, 'state': 'signed'})
        sneaked = plan.with_context(default_state='signed', default_signed_by="Me").create({
            'project_id': self.other_project.id,
        })
        self.assertEqual((sneaked.state, sneaked.signed_by, sneaked.number), ('draft', False, 1))

    def test_P2_implementation_with_a_signed_plan_is_not_deleted(self):
        self._sign(self._new_plan())
        with self.assertRaisesRegex(UserError, "archive it"):
            self.project.unlink()

    def test_P2_progress_of_a_signed_line_goes_on(self):
        plan = self._sign(self._new_plan())
        plan.with_user(self.consultant).write({
            'line_ids': [Command.update(plan.line_ids[0].id, {'state': 'done'})],
        })
        self.assertEqual(plan.line_ids[0].state, 'done')

    # === VERSIONS === #

    def test_P2_new_version_is_a_copy_and_takes_the_place_when_signed(self):
        plan = self._sign(self._new_plan())
        plan.line_ids[0].state = 'done'
        plan.with_user(self.consultant).action_new_version()
        version = self.project.open_plan_id
        self.assertEqual((version.number, version.state), (2, 'draft'))
        self.assertEqual(version.line_ids.mapped('name'), plan.line_ids.mapped('name'))
        self.assertEqual(version.line_ids[0].state, 'done')
        self.assertEqual(plan.state, 'signed')
        self.assertEqual(self.project.plan_id, plan)
        self._sign(version)
        self.assertEqual((plan.state, version.state), ('replaced', 'signed'))
        self.assertEqual(self.project.plan_id, version)
        with self.assertRaises(UserError):
            plan.line_ids[1].state = 'done'

    def test_P2_one_version_is_open_at_a_time(self):
        plan = self._sign(self._new_plan())
        plan.action_new_version()
        with self.assertRaisesRegex(UserError, "not signed yet"):
            plan.action_new_version()
        with self.assertRaises(UniqueViolation), mute_logger('odoo.sql_db'):
            self._new_plan()

    def test_P2_unsigned_plan_has_no_new_version(self):
        with self.assertRaisesRegex(UserError, "not signed"):
            self._new_plan().action_new_version()

    def test_P2_later_versions_say_what_changed_since_the_first(self):
        plan = self._sign(self._new_plan())
        self.assertEqual(plan._get_changes(), [])
        plan.action_new_version()
        second = self.project.open_plan_id
        self.assertEqual(second._get_changes(), [])
        self._line(second, "Allegro account").quantity = 3
        self._line(second, "DPD").state = 'dropped'
        second.line_ids.create({'plan_id': second.id, 'name': "Shoper shop"})
        self._sign(second)
        # through a third version: compared with the first one still
        second.action_new_version()
        third = self.project.open_plan_id
        self._line(third, "Amazon account").write({'timing': 'start', 'name': "Amazon Germany"})
        changes = {
            change.text: (change.type, change.details) for change in third._get_changes()
        }
        self.assertEqual(changes, {
            "1 × Shoper shop (integration, on start)": ('added', []),
            "3 × Allegro account (integration, on start)": ('changed', ["3 instead of 2"]),
            "1 × DPD (courier, on start)": ('removed', []),
            "3 × Amazon Germany (integration, on start)": (
                'changed', ["Was called “Amazon account”", "On Start instead of Later"],
            ),
        })
        self.assertIn("Shoper shop", third.changes_html)

    def test_P2_line_that_was_deleted_and_typed_again_is_no_change(self):
        plan = self._sign(self._new_plan())
        plan.action_new_version()
        version = self.project.open_plan_id
        self._line(version, "DPD").unlink()
        version.line_ids.create({'plan_id': version.id, 'name': " dpd ", 'kind': 'courier'})
        self.assertEqual([change.type for change in version._get_changes()], ['changed'])

    def test_P2_comparison_costs_the_same_for_long_plans(self):
        def count(length):
            project = self.env['project.project'].create({
                'name': "Long", 'implementation_kind': 'implementation',
                'partner_id': self.client.id, 'coordinator_id': self.coordinator.id,
                'company_id': self.env.company.id,
            })
            plan = self._sign(self._new_plan(project, line_ids=[
                Command.create({'name': f"Shop {number}"}) for number in range(length)
            ]))
            plan.action_new_version()
            version = plan.browse(project.open_plan_id.id)
            version.line_ids.quantity = 2
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(len(version._get_changes()), length)
            return self.env.cr.sql_log_count - before

        self.assertEqual(count(3), count(40))

    # === TEMPLATES === #

    def test_P2_implementation_begins_with_the_plan_of_its_template(self):
        template = self.env['project.project'].create({
            'name': "Template", 'implementation_kind': 'implementation', 'is_template': True,
        })
        self._new_plan(template)
        with self.assertRaisesRegex(UserError, "template"):
            template.plan_id.action_send()
        project = template.action_create_from_template({
            'name': "New", 'partner_id': self.client.id, 'company_id': self.env.company.id,
        })
        self.assertEqual((project.plan_id.state, project.plan_id.number), ('draft', 1))
        self.assertEqual(len(project.plan_id.line_ids), 3)
        self.assertEqual(len(template.plan_ids), 1)

    def test_P2_copy_of_an_implementation_begins_with_a_draft_of_the_latest_version(self):
        plan = self._sign(self._new_plan())
        plan._propose_later()
        plan.line_ids.state = 'done'
        plan.action_new_version()
        copy = self.project.copy()
        self.assertEqual((copy.plan_ids.state, copy.plan_ids.number), ('draft', 1))
        self.assertEqual(set(copy.plan_ids.line_ids.mapped('state')), {'planned'})
        self.assertFalse(copy.plan_ids.line_ids.proposed_order_id)

    # === LATER === #

    def test_P2_lines_for_later_become_one_quotation(self):
        product = self.env['product.product'].create({
            'name': "Marketplace", 'type': 'service', 'list_price': 100.0,
        })
        plan = self._new_plan()
        self._line(plan, "Amazon account").product_id = product
        plan.line_ids.create({
            'plan_id': plan.id, 'name': "Returns by reason", 'kind': 'report', 'timing': 'later',
        })
        self._sign(plan)
        self.assertEqual(plan.later_count, 2)
        # a supervisor who may not sell drafts it; sales goes on with it
        action = plan.with_user(self.consultant).action_propose_later()
        self.assertEqual(action['tag'], 'display_notification')
        order = plan.line_ids.proposed_order_id
        self.assertEqual((order.state, order.partner_id), ('draft', self.client))
        line, note = order.order_line
        self.assertEqual((line.product_id, line.product_uom_qty), (product, 3))
        self.assertIn("Amazon account", line.name)
        self.assertEqual(note.display_type, 'line_note')
        self.assertIn("Returns by reason", note.name)
        self.assertEqual(plan.later_count, 0)

    def test_P2_seller_gets_the_quotation_opened(self):
        plan = self._sign(self._new_plan())
        action = plan.with_user(self.seller).action_propose_later()
        self.assertEqual(action['res_id'], plan.line_ids.proposed_order_id.id)

    def test_P2_line_is_proposed_once_in_whichever_version(self):
        plan = self._sign(self._new_plan())
        plan._propose_later()
        with self.assertRaisesRegex(UserError, "Nothing is left"):
            plan.action_propose_later()
        plan.action_new_version()
        version = self.project.open_plan_id
        version.line_ids.create({'plan_id': version.id, 'name': "eBay", 'timing': 'later'})
        self._sign(version)
        order = version._propose_later()
        self.assertEqual(len(order.order_line), 1)
        self.assertIn("eBay", order.order_line.name)

    def test_P2_line_that_is_proposed_while_a_version_is_drawn_up_is_not_proposed_again(self):
        plan = self._sign(self._new_plan())
        plan.action_new_version()
        plan._propose_later()
        version = self._sign(self.project.open_plan_id)
        self.assertEqual(version.later_count, 0)

    def test_P2_line_is_proposed_again_when_the_draft_was_deleted(self):
        plan = self._sign(self._new_plan())
        plan._propose_later().unlink()
        plan.invalidate_recordset()
        self.assertEqual(plan.later_count, 1)

    def test_P2_unsigned_plan_is_not_proposed(self):
        with self.assertRaisesRegex(UserError, "not signed"):
            self._new_plan().action_propose_later()

    def test_P2_nobody_marks_a_line_as_proposed(self):
        plan = self._sign(self._new_plan())
        order = self.env['sale.order'].create({'partner_id': self.client.id})
        with self.assertRaises(UserError):
            plan.line_ids.with_user(self.seller).write({'proposed_order_id': order.id})

    def test_P2_go_live_asks_the_supervisor_to_propose(self):
        self._sign(self._new_plan())
        self.project._action_go_live()
        activity = self.project.activity_ids
        self.assertEqual(activity.user_id, self.consultant)
        self.assertIn("for later", activity.summary)

    def test_P2_go_live_without_lines_for_later_asks_nothing(self):
        plan = self._new_plan()
        self._line(plan, "Amazon account").unlink()
        self._sign(plan)
        self.project._action_go_live()
        self.assertFalse(self.project.activity_ids)

    # === ACCESS === #

    def test_P2_outsiders_get_nothing(self):
        plan = self._new_plan()
        for user in (self.outsider, *self.portal_users.values()):
            for record in (plan, plan.line_ids):
                for operation in ('read', 'write', 'create', 'unlink'):
                    self.assertFalse(record.with_user(user).has_access(operation))

    def test_P2_plan_of_a_project_that_is_not_seen_is_hidden(self):
        plan = self._new_plan()
        self.project.write({'privacy_visibility': 'followers', 'user_id': self.seller.id})
        self.project.message_unsubscribe(self.consultant.partner_id.ids)
        self.assertFalse(plan.with_user(self.consultant).has_access('read'))
        self.assertFalse(plan.line_ids.with_user(self.consultant).has_access('read'))
        self.assertTrue(plan.with_user(self.seller).has_access('read'))


@tagged('post_install', '-at_install')
class TestPlanPortal(PlanCase, HttpCase):

    def _rpc_sign(self, plan, signature=PIXEL):
        return self.make_jsonrpc_request(
            f'/my/implementation/{plan.project_id.id}/plan/{plan.id}/sign',
            {'name': "Tomasz", 'signature': signature},
        )

    def _page(self):
        return self.url_open(f'/my/implementation/{self.project.id}').text

    def test_P2_client_reads_compares_and_signs_in_the_portal(self):
        plan = self._new_plan()
        self.authenticate('test_tomasz', 'test_tomasz')
        self.assertNotIn("Allegro account", self._page())
        plan.action_send()
        page = self._page()
        self.assertIn("Allegro account", page)
        self.assertIn("portal.signature_form", page)
        self.assertTrue(self._rpc_sign(plan)['force_refresh'])
        plan.invalidate_recordset()
        self.assertEqual((plan.state, plan.signed_by), ('signed', "Tomasz"))
        self.assertTrue(plan.signature)
        self.assertNotIn("portal.signature_form", self._page())
        plan.action_new_version()
        version = self.project.open_plan_id
        version.line_ids[0].quantity = 5
        version.action_send()
        self.assertIn("5 instead of 2", self._page())

    def test_P2_pdf_says_what_changed(self):
        plan = self._sign(self._new_plan())
        plan.action_new_version()
        version = self.project.open_plan_id
        version.line_ids[0].quantity = 5
        version.action_send()
        html = self.env['ir.actions.report']._render_qweb_html(
            'onboarding_protocol.action_report_plan', version.ids,
        )[0].decode()
        self.assertIn("5 instead of 2", html)
        self.authenticate('test_tomasz', 'test_tomasz')
        answer = self.url_open(f'/my/implementation/{self.project.id}/plan/{plan.id}/pdf')
        self.assertEqual(answer.headers['Content-Type'], 'application/pdf')

    def test_P2_colleague_reads_and_does_not_sign(self):
        plan = self._new_plan()
        plan.action_send()
        self.authenticate('test_ola', 'test_ola')
        page = self._page()
        self.assertIn("Allegro account", page)
        self.assertNotIn("portal.signature_form", page)
        self.assertIn("Tomasz signs", self._rpc_sign(plan)['error'])
        self.assertEqual(plan.state, 'sent')

    def test_P2_other_client_gets_nothing(self):
        plan = self._new_plan()
        plan.action_send()
        self.authenticate('test_rita', 'test_rita')
        self.assertNotIn("Allegro account", self._page())
        answer = self.url_open(f'/my/implementation/{self.project.id}/plan/{plan.id}/pdf')
        self.assertNotEqual(answer.headers['Content-Type'], 'application/pdf')
        self.assertIn('error', self._rpc_sign(plan))
        # nor through an implementation of their own
        answer = self.url_open(f'/my/implementation/{self.other_project.id}/plan/{plan.id}/pdf')
        self.assertNotEqual(answer.headers['Content-Type'], 'application/pdf')
        self.assertEqual(plan.state, 'sent')

    def test_P2_unreadable_signature_is_told(self):
        plan = self._new_plan()
        plan.action_send()
        self.authenticate('test_tomasz', 'test_tomasz')
        self.assertIn('error', self._rpc_sign(plan, signature='no picture'))
        plan.invalidate_recordset()
        self.assertEqual(plan.state, 'sent')
