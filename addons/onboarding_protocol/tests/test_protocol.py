""" The go-live protocol: drawn up, sent, signed, refused, and what cannot be done with it (P6). """

import base64

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Date, Datetime
from odoo.tests import Form, tagged
from odoo.tools import SQL

from odoo.addons.helpdesk_sla.tests.test_sla_agreement import AgreementCase

# a transparent pixel
SIGNATURE = (
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg'
    'gg=='
)
SCAN = base64.b64decode('JVBERi0xLjQK') + b'1 0 obj signed endobj'


class ProtocolCase(AgreementCase):
    """ An implementation of `client` in the last phase before its go-live.

    +------------+-------------------------------------------------------------------------+
    | consultant | project user, supervisor of `project`                                   |
    | colleague  | project user, who has nothing to do with it                             |
    | boss       | project administrator                                                   |
    | portal_client | the coordinator of `client`                                          |
    +------------+-------------------------------------------------------------------------+
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consultant = cls.create_user('consultant', 'project.group_project_user')
        cls.colleague = cls.create_user('colleague_at_work', 'project.group_project_user')
        cls.boss = cls.create_user('boss', 'project.group_project_manager')
        cls.phase_before, cls.phase_live = cls.env['implementation.phase'].create([
            {'name': "Before", 'sequence': 901},
            {'name': "After", 'sequence': 902, 'is_live': True, 'gate_ids': [
                Command.create({'kind': 'agreement_running'}),
                Command.create({'kind': 'protocol_signed', 'is_mandatory': True}),
            ]},
        ])
        cls.agreement = cls.create_agreement()
        cls.project = cls.create_implementation()

    @classmethod
    def create_implementation(cls, **values):
        return cls.env['project.project'].create({
            'name': "Client Ltd: implementation",
            'implementation_kind': 'implementation',
            'partner_id': cls.client.id,
            'company_id': cls.company.id,
            'user_id': cls.consultant.id,
            'coordinator_id': cls.client_contact.id,
            'sla_agreement_id': cls.agreement.id,
            'phase_ids': [Command.set((cls.phase_before | cls.phase_live).ids)],
            'checklist_item_ids': [
                Command.create({'name': "An order prints a delivery slip", 'sequence': 1}),
                Command.create({'name': "An invoice can be posted", 'sequence': 2}),
            ],
            **values,
        })

    def create_protocol(self, project=None):
        """ Draw a protocol up, as the supervisor does. """
        project = (project or self.project).with_user(self.consultant)
        return self.env['golive.protocol'].browse(project.action_open_protocol()['res_id'])

    def send(self, project=None):
        protocol = self.create_protocol(project)
        protocol.with_user(self.consultant).action_send()
        return protocol

    def as_client(self, user=None, project=None):
        """ Return the implementation as the portal hands it to a client. """
        user = user or self.portal_client
        return (project or self.project).with_user(user).sudo()

    def tick(self, protocol, **answers):
        """ Tick everything, as the coordinator does; other answers by the place of the line. """
        lines = protocol.line_ids.sorted()
        self.as_client(project=protocol.project_id)._portal_save_protocol(
            self.client_contact, protocol.access_token,
            {line.id: {'is_done': True, **answers.get(f'line{place}', {})}
             for place, line in enumerate(lines)},
        )

    def sign(self, protocol, user=None, **values):
        user = user or self.portal_client
        with self.env.cr.savepoint():
            self.as_client(user, protocol.project_id)._portal_sign_protocol(**{
                'partner': user.partner_id,
                'token': protocol.access_token,
                'content_hash': protocol._get_content_hash(),
                'name': "Anna Nowak",
                'signature': SIGNATURE,
                'ip': '192.0.2.7',
                **values,
            })

    def create_signed(self):
        protocol = self.send()
        self.tick(protocol)
        self.sign(protocol)
        return protocol


@tagged('post_install', '-at_install')
class TestProtocol(ProtocolCase):

    # === DRAWN UP === #

    def test_P6_the_lines_are_the_checklist(self):
        protocol = self.create_protocol()
        self.assertRecordValues(protocol.line_ids, [
            {'name': "An order prints a delivery slip", 'source': 'checklist', 'is_done': False},
            {'name': "An invoice can be posted", 'source': 'checklist', 'is_done': False},
        ])

    def test_P6_the_checklist_of_a_template_is_copied_with_it(self):
        template = self.create_implementation(is_template=True, partner_id=False,
                                              coordinator_id=False, sla_agreement_id=False)
        template.access_ids = [Command.create({
            'name': "Production", 'login': "secret-user", 'handover': "by phone",
        })]
        copy = template.copy({'is_template': False, 'partner_id': self.client.id,
                              'company_id': self.company.id})
        self.assertEqual(
            copy.checklist_item_ids.mapped('name'), template.checklist_item_ids.mapped('name'),
        )
        self.assertRecordValues(copy.access_ids, [
            {'name': "Production", 'login': False, 'handover': False},
        ])
        self.assertFalse(copy.protocol_ids)

    def test_P6_a_protocol_is_not_copied_with_its_implementation(self):
        self.create_signed()
        self.assertFalse(self.project.copy().protocol_ids)

    def test_P6_updating_keeps_what_is_still_there(self):
        protocol = self.create_protocol()
        lines = protocol.line_ids
        protocol.line_ids = [Command.create({'name': "By hand", 'sequence': 99})]
        self.project.checklist_item_ids[1].name = "An invoice can be printed"
        self.assertTrue(protocol.is_outdated)
        protocol.with_user(self.consultant).action_update_lines()
        self.assertEqual(protocol.line_ids.mapped('name'), [
            "An order prints a delivery slip", "An invoice can be printed", "By hand",
        ])
        self.assertEqual(protocol.line_ids[0], lines[0])
        self.assertFalse(protocol.is_outdated)

    def test_P6_one_protocol_at_a_time(self):
        protocol = self.create_protocol()
        self.assertEqual(self.create_protocol(), protocol)

    def test_P6_only_implementations_have_a_protocol(self):
        template = self.create_implementation(is_template=True)
        other = self.env['project.project'].create({'name': "Garden"})
        for project in (template, other):
            with self.assertRaisesRegex(UserError, "no implementation"):
                self.env['golive.protocol'].create({'project_id': project.id})

    # === SENT === #

    def test_P6_sending_asks_the_coordinator_in_her_language(self):
        self.env['res.lang']._activate_lang('fr_FR')
        template = self.env.ref('onboarding_protocol.mail_template_protocol_ready')
        template.with_context(lang='fr_FR').subject = "Votre protocole est prêt"
        self.client_contact.lang = 'fr_FR'
        protocol = self.send()
        mail = self.env['mail.mail'].search(
            [('model', '=', 'golive.protocol'), ('res_id', '=', protocol.id)],
        )
        self.assertEqual(mail.recipient_ids, self.client_contact)
        self.assertEqual(mail.subject, "Votre protocole est prêt")
        self.assertIn(protocol.access_token, mail.body_html)
        self.assertRecordValues(protocol, [{
            'state': 'sent', 'version': 1, 'client_name': "Client Ltd",
            'supervisor_name': "Consultant", 'coordinator_name': "Client",
        }])

    def test_P6_nobody_is_asked_who_has_no_address(self):
        self.client_contact.email = False
        protocol = self.create_protocol()
        with self.assertRaisesRegex(UserError, "Choose a coordinator"):
            protocol.action_send()

    def test_P6_nothing_to_tick_is_not_sent(self):
        self.project.checklist_item_ids.unlink()
        protocol = self.create_protocol()
        with self.assertRaisesRegex(UserError, "nothing to tick"):
            protocol.action_send()

    def test_P6_an_outdated_protocol_is_not_sent(self):
        protocol = self.create_protocol()
        self.project.checklist_item_ids[0].unlink()
        with self.assertRaisesRegex(UserError, "Update the lines"):
            protocol.action_send()

    def test_P6_what_the_client_has_in_hands_is_not_changed(self):
        protocol = self.send().with_user(self.consultant)
        for change in (
            lambda: protocol.line_ids[0].write({'name': "Another"}),
            protocol.line_ids[0].unlink,
            lambda: protocol.write({'line_ids': [Command.create({'name': "Another"})]}),
            lambda: protocol.line_ids[0].write({'is_done': True}),
            protocol.action_update_lines,
            protocol.action_send,
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()

    def test_P6_each_sending_gives_a_new_version_and_link(self):
        protocol = self.send()
        token = protocol.access_token
        protocol.with_user(self.consultant).action_draft()
        self.assertFalse(protocol.access_token)
        protocol.with_user(self.consultant).action_send()
        self.assertEqual(protocol.version, 2)
        self.assertNotEqual(protocol.access_token, token)

    # === TICKED === #

    def test_P6_a_line_that_changes_has_to_be_looked_at_again(self):
        protocol = self.send()
        self.tick(protocol)
        protocol.with_user(self.consultant).action_draft()
        protocol.line_ids[0].with_user(self.consultant).name = "Another thing"
        self.assertEqual(protocol.line_ids.mapped('is_done'), [False, True])

    def test_P6_an_exception_needs_a_remark(self):
        protocol = self.send()
        with self.assertRaisesRegex(ValidationError, "write in the remark"):
            self.tick(protocol, line0={'is_done': False, 'is_exception': True})

    def test_P6_only_the_coordinator_ticks(self):
        protocol = self.send()
        colleague = self.create_user('colleague', 'base.group_portal')
        colleague.partner_id.parent_id = self.client
        with self.assertRaisesRegex(UserError, "Only Client ticks and signs"):
            self.as_client(colleague)._portal_save_protocol(
                colleague.partner_id, protocol.access_token, {},
            )

    # === SIGNED === #

    def test_P6_the_signature_is_the_go_live(self):
        protocol = self.send()
        self.tick(protocol, line1={
            'is_done': False, 'is_exception': True, 'remark': "The logo follows",
        })
        self.assertFalse(self.project.golive_datetime)
        self.sign(protocol)
        self.assertRecordValues(protocol, [{
            'state': 'signed', 'signed_by': "Anna Nowak", 'signer_id': self.client_contact.id,
            'signed_on': Datetime.now(), 'signed_tz': 'Europe/Warsaw', 'signed_ip': '192.0.2.7',
            'access_token': False,
        }])
        self.assertRecordValues(self.project, [{
            'phase_id': self.phase_live.id, 'golive_datetime': Datetime.now(),
            'golive_date': Date.today(),
        }])
        passage = self.project.passage_ids.filtered(lambda one: one.phase_id == self.phase_live)
        self.assertEqual(passage.user_id, self.portal_client)

    def test_P6_the_signed_pdf_is_kept_and_shows_who_signed(self):
        protocol = self.create_signed()
        attachment = self.project.message_ids.attachment_ids
        self.assertEqual(attachment.mapped('name'), [f'Protocol {protocol.number}.pdf'])
        html = self.env['ir.actions.report']._render_qweb_html(
            'onboarding_protocol.action_report_protocol', protocol.ids,
        )[0].decode()
        for text in (protocol.number, "Anna Nowak", "192.0.2.7", "Europe/Warsaw", "UTC+01:00",
                     protocol.signed_hash, SIGNATURE, "An invoice can be posted"):
            self.assertIn(text, html)

    def test_P6_numbers_are_drawn_with_the_signature_and_have_no_gap(self):
        sequence = self.env.ref('onboarding_protocol.ir_sequence_protocol')
        first = sequence.number_next_actual
        protocol = self.send()
        with self.assertRaises(UserError):
            self.sign(protocol)
        self.project.sla_agreement_id = False
        self.agreement._terminate(Date.to_date('2026-02-26'), "Over")
        self.tick(protocol)
        with self.assertRaisesRegex(UserError, "cannot be signed yet"):
            self.sign(protocol)
        self.assertFalse(protocol.number)
        self.project.sla_agreement_id = self.create_agreement(date_start='2026-02-27')
        self.sign(protocol)
        self.assertEqual(protocol.number, f'GLP{first:05}')

    def test_P6_every_line_has_to_be_answered(self):
        protocol = self.send()
        self.tick(protocol, line1={'is_done': False})
        with self.assertRaisesRegex(UserError, "Not ticked yet.*An invoice can be posted"):
            self.sign(protocol)
        self.assertEqual(protocol.state, 'sent')

    def test_P6_nobody_signs_twice(self):
        protocol = self.send()
        self.tick(protocol)
        token = protocol.access_token
        self.sign(protocol)
        with self.assertRaisesRegex(UserError, "signed already, by Anna Nowak"):
            self.sign(protocol, token=token)

    def test_P6_an_old_link_does_not_sign(self):
        protocol = self.send()
        old = protocol.access_token
        protocol.with_user(self.consultant).action_draft()
        protocol.with_user(self.consultant).action_send()
        self.tick(protocol)
        for token in (old, '', None):
            with self.assertRaisesRegex(UserError, "earlier version"):
                self.sign(protocol, token=token)

    def test_P6_what_was_not_read_is_not_signed(self):
        protocol = self.send()
        self.tick(protocol)
        read = protocol._get_content_hash()
        self.tick(protocol, line0={'remark': "Only in English"})
        for content_hash in (read, '', None):
            with self.assertRaisesRegex(UserError, "has changed since you opened"):
                self.sign(protocol, content_hash=content_hash)

    def test_P6_a_checklist_that_changed_has_to_be_sent_again(self):
        protocol = self.send()
        self.tick(protocol)
        self.project.checklist_item_ids = [Command.create({'name': "Backups run"})]
        with self.assertRaisesRegex(UserError, "new version has to be sent"):
            self.sign(protocol)

    def test_P6_what_was_not_sent_is_not_signed(self):
        protocol = self.create_protocol()
        with self.assertRaisesRegex(UserError, "not sent yet"):
            self.sign(protocol, token='x')

    def test_P6_employees_do_not_sign(self):
        protocol = self.send()
        self.tick(protocol)
        self.project.coordinator_id = False
        for user in (self.consultant, self.boss):
            with self.assertRaisesRegex(UserError, "Only the client"):
                self.sign(protocol, user)

    def test_P6_only_the_coordinator_signs(self):
        protocol = self.send()
        self.tick(protocol)
        colleague = self.create_user('colleague', 'base.group_portal')
        colleague.partner_id.parent_id = self.client
        with self.assertRaisesRegex(UserError, "Only Client ticks and signs"):
            self.sign(protocol, colleague)

    def test_P6_a_name_and_a_picture_make_a_signature(self):
        protocol = self.send()
        self.tick(protocol)
        for values, text in (
            ({'name': " "}, "Who signs"),
            ({'signature': ''}, "signature is missing"),
            ({'signature': base64.b64encode(b'<svg/>').decode()}, "could not be read"),
        ):
            with self.assertRaisesRegex(UserError, text):
                self.sign(protocol, **values)

    def test_P6_unmet_gates_hold_the_signature_and_the_client_reads_what_the_client_owes(self):
        self.phase_live.gate_ids = [Command.create({'kind': 'tasks_done'})]
        ours, theirs = self.env['project.task'].create([
            {'name': "Internal clean-up", 'project_id': self.project.id,
             'phase_id': self.phase_before.id},
            {'name': "Link offers to goods", 'project_id': self.project.id,
             'phase_id': self.phase_before.id, 'is_client_task': True},
        ])
        protocol = self.send()
        self.tick(protocol)
        with self.assertRaisesRegex(UserError, "Link offers to goods") as caught:
            self.sign(protocol)
        self.assertNotIn("Internal", str(caught.exception))
        theirs.state = '1_done'
        with self.assertRaisesRegex(UserError, "we have not finished") as caught:
            self.sign(protocol)
        self.assertNotIn("Internal", str(caught.exception))
        self.assertEqual(protocol.state, 'sent')
        self.assertFalse(self.project.golive_datetime)
        ours.state = '1_done'
        self.sign(protocol)
        self.assertTrue(self.project.golive_datetime)

    def test_P6_no_live_phase_without_the_signature(self):
        def move():
            with self.env.cr.savepoint():
                self.project.phase_id = self.phase_live

        with self.assertRaisesRegex(UserError, "Send the go-live protocol"):
            move()
        self.send()
        with self.assertRaisesRegex(UserError, "Tick the go-live protocol and sign it"):
            move()
        with self.assertRaisesRegex(UserError, "never passed"), self.env.cr.savepoint():
            self.project.with_user(self.boss).with_context(
                implementation_pass_reason="In a hurry",
            ).phase_id = self.phase_live

    def test_P6_the_gate_asks_many_implementations_at_once(self):
        projects = self.project
        for number in range(5):
            projects |= self.create_implementation(name=f"Number {number}")
        for project in projects[:3]:
            self.send(project)
        projects = self.env['project.project'].browse(projects.ids)

        def count(projects):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            result = projects._gate_protocol_signed(self.phase_live)
            self.assertEqual(len(result), len(projects))
            return self.env.cr.sql_log_count - before

        self.assertEqual(count(projects[:2]), count(projects))

    # === WHAT IS SIGNED STAYS === #

    def test_P6_what_was_signed_never_changes(self):
        protocol = self.create_signed()
        line = protocol.line_ids[0]
        other = self.create_implementation()

        def changes(protocol, line):
            return (
                lambda: protocol.write({'signed_by': "Somebody"}),
                lambda: protocol.write({'state': 'draft'}),
                lambda: protocol.write({'project_id': other.id}),
                lambda: protocol.write({'line_ids': [Command.clear()]}),
                lambda: protocol.write({'line_ids': [Command.create({'name': "x"})]}),
                protocol.unlink,
                protocol.action_draft,
                protocol.action_update_lines,
                lambda: line.write({'remark': "Not so"}),
                lambda: line.write({'is_done': False}),
                line.unlink,
                line.copy,
            )

        for someone in (protocol, protocol.sudo(), protocol.with_user(self.boss)):
            for change in changes(someone, line.with_env(someone.env)):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    change()
        with self.assertRaisesRegex(UserError, "stays on record"):
            self.project.unlink()

    def test_P6_nobody_writes_a_signature_by_hand(self):
        protocol = self.send().with_user(self.boss)
        for vals in (
            {'state': 'signed'}, {'number': 'GLP99999'}, {'signed_by': "Me"}, {'version': 9},
            {'access_token': 'x'}, {'signed_hash': 'x'}, {'scan': base64.b64encode(SCAN)},
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                protocol.write(vals)
        other = self.create_implementation()
        for vals in ({'state': 'signed'}, {'number': 'GLP99999'}, {'signed_by': "Me"}):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                self.env['golive.protocol'].with_user(self.boss).create(
                    {'project_id': other.id, **vals},
                )
        result = self.env['golive.protocol'].with_user(self.boss).load(
            ['.id', 'state'], [[str(protocol.id), "Signed"]],
        )
        self.assertFalse(result['ids'])
        self.assertEqual(protocol.state, 'sent')

    def test_P6_a_line_is_not_created_ticked(self):
        protocol = self.create_protocol().with_user(self.consultant)
        with self.assertRaisesRegex(AccessError, "client ticks"):
            self.env['golive.protocol.line'].with_user(self.consultant).create({
                'protocol_id': protocol.id, 'name': "x", 'is_done': True,
            })

    def test_P6_the_hash_tells_what_was_changed_past_the_lock(self):
        protocol = self.create_signed()
        for record, column, value in (
            (protocol.line_ids[0], 'remark', "Not so"),
            (protocol.line_ids[0], 'name', "Another thing"),
            (protocol.line_ids[1], 'is_done', False),
            (protocol, 'signed_by', "Somebody"),
            (protocol, 'version', 7),
            (protocol, 'signed_on', '2020-01-01'),
            (protocol, 'client_name', "Another"),
            (protocol, 'signature', base64.b64decode(SIGNATURE)),
        ):
            self.env.invalidate_all()
            self.assertEqual(protocol.action_check()['params']['type'], 'success')
            with self.subTest(column=column), self.env.cr.savepoint() as savepoint:
                self.env.cr.execute(SQL(
                    "UPDATE %s SET %s = %s WHERE id = %s",
                    SQL.identifier(record._table), SQL.identifier(column), value, record.id,
                ))
                self.env.invalidate_all()
                self.assertEqual(protocol.action_check()['params']['type'], 'danger')
                savepoint.rollback()

    def test_P6_names_may_change_after_the_signature(self):
        protocol = self.create_signed()
        self.client.name = "Client Holding"
        self.consultant.name = "Consultant-Married"
        self.project.name = "Done"
        self.assertTrue(protocol._is_unchanged())

    # === ON PAPER === #

    def receive(self, protocol, user=None):
        wizard = self.env['golive.protocol.scan.wizard'].with_user(
            user or self.consultant,
        ).with_context(default_protocol_id=protocol.id).create({
            'scan': base64.b64encode(SCAN), 'scan_name': 'signed.pdf',
            'paper_date': '2026-03-01',
        })
        wizard.action_register()

    def test_P6_a_copy_that_came_by_mail(self):
        protocol = self.send()
        self.receive(protocol)
        self.assertEqual(protocol.state, 'scan')
        self.assertFalse(self.project.golive_datetime)
        supervised = protocol.with_user(self.consultant)
        with self.assertRaisesRegex(UserError, "Not ticked yet"), self.env.cr.savepoint():
            supervised.action_confirm_scan()
        with Form(supervised) as form:
            for index in range(2):
                with form.line_ids.edit(index) as line:
                    line.is_done = True
        supervised.action_confirm_scan()
        self.assertRecordValues(protocol, [{
            'state': 'signed', 'signed_by': "Client", 'paper_date': Date.to_date('2026-03-01'),
            'confirmed_by': "Consultant", 'signed_ip': False,
        }])
        self.assertTrue(self.project.golive_datetime)
        self.assertTrue(protocol._is_unchanged())
        self.assertIn('signed.pdf', self.project.message_ids.attachment_ids.mapped('name'))

    def test_P6_a_copy_that_the_client_uploads(self):
        protocol = self.send()
        client = self.as_client()
        for files, text in (
            ([], "choose one file"),
            ([('virus.exe', b'MZ')], "type that we do not take"),
            ([('letter.txt', b'I sign')], "PDF, PNG or JPEG"),
        ):
            with self.assertRaisesRegex(UserError, text), self.env.cr.savepoint():
                client._portal_send_protocol_scan(
                    self.client_contact, protocol.access_token, "Anna Nowak", files, '192.0.2.7',
                )
        client._portal_send_protocol_scan(
            self.client_contact, protocol.access_token, "Anna Nowak", [('scan.pdf', SCAN)],
            '192.0.2.7',
        )
        self.assertRecordValues(protocol, [{
            'state': 'scan', 'signed_by': "Anna Nowak", 'signed_ip': '192.0.2.7',
        }])
        with self.assertRaisesRegex(UserError, "confirms it"):
            self.sign(protocol)

    def test_P6_only_the_supervisor_confirms_a_copy(self):
        protocol = self.send()
        with self.assertRaisesRegex(UserError, "Only the supervisor"):
            self.receive(protocol, self.colleague)
        self.receive(protocol)
        protocol.line_ids.with_user(self.consultant).is_done = True
        for action in ('action_confirm_scan', 'action_reject_scan'):
            with self.assertRaisesRegex(UserError, "Only the supervisor"):
                getattr(protocol.with_user(self.colleague), action)()
        protocol.with_user(self.boss).action_confirm_scan()
        self.assertEqual(protocol.state, 'signed')

    def test_P6_a_copy_that_cannot_be_read_is_asked_for_again(self):
        protocol = self.send()
        self.receive(protocol)
        protocol.with_user(self.consultant).action_reject_scan()
        self.assertRecordValues(protocol, [{'state': 'sent', 'scan': False, 'signed_by': False}])
        message = self.env['mail.message'].search(
            [('partner_ids', 'in', self.client_contact.ids)], order='id desc', limit=1,
        )
        self.assertIn("cannot use the signed copy", message.body)

    def test_P6_no_copy_before_it_was_sent(self):
        protocol = self.create_protocol()
        with self.assertRaisesRegex(UserError, "not sent yet"):
            self.receive(protocol)

    def test_P6_a_manager_who_confirms_a_copy_may_let_it_pass_with_a_reason(self):
        self.phase_live.gate_ids = [Command.create({'kind': 'tasks_done'})]
        self.env['project.task'].create({
            'name': "Clean up", 'project_id': self.project.id, 'phase_id': self.phase_before.id,
        })
        protocol = self.send()
        self.receive(protocol)
        protocol.line_ids.with_user(self.consultant).is_done = True
        reason = {'implementation_pass_reason': "It does not hinder anybody"}
        for user, context, text in (
            (self.boss, {}, "Clean up"), (self.consultant, reason, "Only a project administrator"),
        ):
            with self.assertRaisesRegex(UserError, text), self.env.cr.savepoint():
                protocol.with_user(user).with_context(**context).action_confirm_scan()
        protocol.with_user(self.boss).with_context(**reason).action_confirm_scan()
        self.assertTrue(self.project.golive_datetime)
        self.assertTrue(self.project.passed_with_reason)

    # === REFUSED === #

    def refuse(self, protocol, reason="The slip is empty", lines=None, user=None):
        user = user or self.portal_client
        lines = protocol.line_ids[:1] if lines is None else lines
        self.as_client(user)._portal_refuse_protocol(
            user.partner_id, protocol.access_token, reason, lines.ids,
        )
        return self.project.protocol_id

    def test_P6_refusing_opens_what_is_named_and_keeps_the_history(self):
        protocol = self.create_protocol()
        task, other = self.env['project.task'].create([
            {'name': "Configure slips", 'project_id': self.project.id, 'state': '1_done'},
            {'name': "Configure invoices", 'project_id': self.project.id, 'state': '1_done'},
        ])
        protocol.line_ids[0].task_ids = task
        protocol.line_ids[1].task_ids = other
        self.send()
        self.tick(protocol)
        draft = self.refuse(protocol)
        self.assertRecordValues(protocol, [{
            'state': 'refused', 'refusal_reason': "The slip is empty", 'refused_by': "Client",
            'version': 1,
        }])
        self.assertEqual(protocol.line_ids.mapped('is_refused'), [True, False])
        self.assertRecordValues(draft, [{'state': 'draft', 'version': 1}])
        self.assertRecordValues(draft.line_ids, [
            {'is_done': False, 'task_ids': task.ids, 'is_refused': False},
            {'is_done': True, 'task_ids': other.ids, 'is_refused': False},
        ])
        self.assertEqual(task.state, '01_in_progress')
        self.assertEqual(other.state, '1_done')
        with self.assertRaisesRegex(UserError, "refused"):
            protocol.write({'refusal_reason': "No reason"})
        with self.assertRaisesRegex(UserError, "on record"):
            protocol.with_user(self.boss).unlink()

    def test_P6_what_was_refused_is_mended_before_it_is_sent_again(self):
        draft = self.refuse(self.send())
        task = draft.line_ids[0].task_ids
        self.assertEqual(task.user_ids, self.consultant)
        self.assertEqual(task.project_id, self.project)
        self.assertIn("An order prints a delivery slip", task.name)
        with self.assertRaisesRegex(UserError, "Finish these tasks"):
            draft.with_user(self.consultant).action_send()
        task.state = '1_done'
        draft.with_user(self.consultant).action_send()
        self.assertEqual(draft.version, 2)

    def test_P6_refusing_says_what_and_why(self):
        protocol = self.send()
        with self.assertRaisesRegex(UserError, "write the reason"):
            self.refuse(protocol, reason=" ")
        with self.assertRaisesRegex(UserError, "choose the lines"):
            self.refuse(protocol, lines=protocol.line_ids.browse())
        foreign = self.send(self.create_implementation())
        with self.assertRaisesRegex(UserError, "choose the lines"):
            self.refuse(protocol, lines=foreign.line_ids)
        with self.assertRaisesRegex(UserError, "Only the client"):
            self.refuse(protocol, user=self.consultant)

    def test_P6_a_refused_version_is_not_signed(self):
        protocol = self.send()
        self.tick(protocol)
        token, content_hash = protocol.access_token, protocol._get_content_hash()
        self.refuse(protocol)
        with self.assertRaisesRegex(UserError, "not sent yet, or is being revised"):
            self.sign(protocol, token=token, content_hash=content_hash)

    # === ACCESS INFORMATION === #

    def test_P6_access_is_handed_over_with_the_go_live(self):
        access = self.env['implementation.access'].with_user(self.consultant).create({
            'project_id': self.project.id, 'name': "Production", 'url': 'https://erp.example',
            'login': "anna", 'handover': "by phone",
        })
        self.assertFalse(self.as_client()._get_portal_accesses())
        self.create_signed()
        self.assertEqual(self.as_client()._get_portal_accesses(), access)

    def test_P6_an_address_is_no_script(self):
        for url in ('javascript:alert(1)', 'erp.example', 'data:text/html,x'):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.project.access_ids = [Command.create({'name': "x", 'url': url})]

    # === WHO HAS TO DO WHAT === #

    def test_P6_who_owes_the_protocol(self):
        def due():
            self.env.invalidate_all()
            return [
                (due.side, due.owner, due.url) for due in self.project._get_dues()
                if "protocol" in due.text
            ]

        self.assertEqual(due(), [('us', "Consultant", '')])
        protocol = self.send()
        path = f'/my/implementation/{self.project.id}/protocol'
        self.assertEqual(due(), [('client', "Client", path)])
        self.receive(protocol)
        self.assertEqual(due(), [('us', "Consultant", '')])
        protocol.line_ids.with_user(self.consultant).is_done = True
        protocol.with_user(self.consultant).action_confirm_scan()
        self.assertEqual(due(), [])

    # === RIGHTS === #

    def test_P6_outsiders_have_no_right(self):
        protocol = self.send()
        records = [
            protocol, protocol.line_ids, self.project.checklist_item_ids,
            self.env['implementation.access'].create(
                {'project_id': self.project.id, 'name': "Production"},
            ),
        ]
        for user in (self.outsider, self.agent, self.portal_client, self.portal_other):
            for record in records:
                for operation in ('read', 'write', 'create', 'unlink'):
                    self.assertFalse(record.with_user(user).has_access(operation))
        self.project.privacy_visibility = 'followers'
        for record in records:
            self.assertFalse(record.with_user(self.colleague).has_access('read'))
            self.assertTrue(record.with_user(self.consultant).has_access('read'))
            self.assertTrue(record.with_user(self.boss).has_access('read'))

    def test_P6_the_link_is_not_read_by_our_people(self):
        protocol = self.send()
        with self.assertRaises(AccessError):
            protocol.with_user(self.boss).read(['access_token'])
