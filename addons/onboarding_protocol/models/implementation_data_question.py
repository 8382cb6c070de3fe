import re

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date, formatLang

ANSWER_FIELDS = {
    'draft', 'answer_text', 'answer_number', 'answer_date', 'answer_yes', 'answer_choice',
    'is_answered',
}
ASKED_FIELDS = {'request_id', 'name', 'answer_type', 'choices', 'is_required', 'help'}
TEXT_SIZE = 5_000
# digits, with one decimal mark at most
NUMBER = re.compile(r'[+-]?(\d{1,15})(?:[.,](\d{1,15}))?')


class ImplementationDataQuestion(models.Model):
    """ A question of a form that the client fills in, and the typed answer (P3).

    `draft` is what the client typed, whatever it is; the typed answer is read from it when the form
    is handed in.
    """

    _name = 'implementation.data.question'
    _description = "Question of a Data Request"
    _order = 'request_id, sequence, id'

    request_id = fields.Many2one(
        comodel_name='implementation.data.request', required=True, index=True, ondelete='cascade',
    )
    project_id = fields.Many2one(
        related='request_id.project_id', store=True, index=True, precompute=True,
    )
    company_id = fields.Many2one(related='request_id.company_id', store=True)
    sequence = fields.Integer(default=10)
    name = fields.Char(string="Question", required=True)
    help = fields.Char(string="Hint", help="Read by the client below the question.")
    answer_type = fields.Selection(
        selection=[
            ('text', "Text"),
            ('number', "Number"),
            ('date', "Date"),
            ('yes_no', "Yes or No"),
            ('choice', "Choice"),
        ],
        default='text',
        required=True,
    )
    choices = fields.Text(help="The choices, one a line.")
    is_required = fields.Boolean(string="Must Be Answered", default=True)
    draft = fields.Text(
        readonly=True, copy=False, export_string_translation=False,
        help="Technical: what the client typed, not handed in yet.",
    )
    is_answered = fields.Boolean(readonly=True, copy=False)
    answer_text = fields.Text(readonly=True, copy=False)
    answer_number = fields.Float(readonly=True, copy=False, digits=False)
    answer_date = fields.Date(readonly=True, copy=False)
    answer_yes = fields.Boolean(readonly=True, copy=False)
    answer_choice = fields.Char(readonly=True, copy=False)
    answer = fields.Char(compute='_compute_answer', help="What the client handed in.")

    # === COMPUTE METHODS === #

    @api.depends(
        'is_answered', 'answer_type', 'answer_text', 'answer_number', 'answer_date', 'answer_yes',
        'answer_choice',
    )
    def _compute_answer(self):
        for question in self:
            question.answer = question.is_answered and question._format_answer()

    def _format_answer(self):
        self.ensure_one()
        if self.answer_type == 'number':
            text = formatLang(self.env, self.answer_number, digits=6)
            point = self.env['res.lang']._get_data(code=self.env.lang).decimal_point or '.'
            return text.rstrip('0').rstrip(point) if point in text else text
        if self.answer_type == 'date':
            return format_date(self.env, self.answer_date)
        if self.answer_type == 'yes_no':
            return self.env._("Yes") if self.answer_yes else self.env._("No")
        return self.answer_choice if self.answer_type == 'choice' else self.answer_text

    # === CONSTRAINT METHODS === #

    @api.constrains('answer_type', 'choices')
    def _check_choices(self):
        for question in self:
            if question.answer_type == 'choice' and len(question._get_choices()) < 2:
                raise ValidationError(self.env._(
                    "“%(question)s” needs at least two choices, one a line.",
                    question=question.name,
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [dict(vals) for vals in vals_list]
            for vals in vals_list:
                self._check_answer_values(vals)
                # whatever the context has as a default
                vals.update(dict.fromkeys(ANSWER_FIELDS, False))
        questions = super().create(vals_list)
        if not self.env.su:
            questions.request_id._check_not_answered()
        return questions

    def write(self, vals):
        self._check_answer_values(vals)
        if vals.keys() & ASKED_FIELDS:
            self.request_id._check_not_answered()
        if vals.keys() & ANSWER_FIELDS:
            self.request_id._check_not_accepted()
        result = super().write(vals)
        if 'request_id' in vals:
            self.request_id._check_not_answered()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_answered(self):
        self.request_id._check_not_answered()

    # === BUSINESS METHODS === #

    def _check_answer_values(self, vals):
        """ Refuse to answer for the client.

        :raise AccessError: if a user writes an answer
        """
        if vals.keys() & ANSWER_FIELDS and not self.env.su:
            raise AccessError(self.env._(
                "The client answers in the portal: answers are not written by hand.",
            ))

    def _get_choices(self):
        """ Return the choices, in order.

        :rtype: list[str]
        """
        self.ensure_one()
        return [choice for line in (self.choices or '').splitlines() if (choice := line.strip())]

    def _get_input_name(self):
        """ Return the name of the input in the portal. """
        self.ensure_one()
        return f'question_{self.id}'

    def _save_draft(self, text):
        """ Keep what the client typed.

        :param str text: as it was typed
        :return: why it was not kept, or False
        :rtype: str | bool
        """
        self.ensure_one()
        text = text.strip()
        if len(text) > TEXT_SIZE:
            return self.env._(
                "Too long: at most %(size)s characters, please. It was not saved.", size=TEXT_SIZE,
            )
        if text != (self.draft or ''):
            self.draft = text
        return False

    def _get_answer_error(self):
        """ Return why what was typed is no answer, in one sentence.

        :rtype: str | bool
        """
        self.ensure_one()
        try:
            self._read_draft()
        except UserError as error:
            return str(error)
        return False

    def _take_drafts(self):
        """ Read the typed answers from what the client typed.

        :raise UserError: if something typed is no answer
        """
        for question in self:
            question.write({
                **dict.fromkeys(ANSWER_FIELDS - {'draft'}, False), **question._read_draft(),
            })

    def _read_draft(self):
        """ Return the typed answer in what the client typed.

        :return: values to write; empty if it is not answered and need not be
        :rtype: dict
        :raise UserError: if it is no answer: a sentence for the client
        """
        self.ensure_one()
        text = (self.draft or '').strip()
        if not text:
            if self.is_required:
                raise UserError(self.env._("Please answer this question."))
            return {}
        read = {
            'text': self._read_text,
            'number': self._read_number,
            'date': self._read_date,
            'yes_no': self._read_yes_no,
            'choice': self._read_choice,
        }[self.answer_type]
        return {'is_answered': True, **read(text)}

    def _read_text(self, text):
        return {'answer_text': text}

    def _read_number(self, text):
        number = NUMBER.fullmatch(re.sub(r"[\s']", '', text))
        if not number:
            raise UserError(self.env._(
                "“%(text)s” is no number. Write digits only, e.g. 1200 or 12.5.", text=text[:50],
            ))
        whole, decimals = number.groups()
        if decimals and len(decimals) == 3 and whole.strip('0') and len(whole) <= 3:
            raise UserError(self.env._(
                "“%(text)s” can be read in two ways. Write thousands without a mark, e.g. 1200, "
                "and decimals with one or two digits.",
                text=text[:50],
            ))
        return {'answer_number': float(re.sub(r"[\s']", '', text).replace(',', '.'))}

    def _read_date(self, text):
        try:
            day = fields.Date.to_date(text)
        except ValueError:
            day = None
        if not day or not 1900 <= day.year <= 2199 or len(text) != 10:
            raise UserError(self.env._(
                "“%(text)s” is no date. Choose one, or write it as 2026-12-31.", text=text[:50],
            ))
        return {'answer_date': day}

    def _read_yes_no(self, text):
        if text not in ('yes', 'no'):
            raise UserError(self.env._("Choose yes or no, please."))
        return {'answer_yes': text == 'yes'}

    def _read_choice(self, text):
        if text not in self._get_choices():
            raise UserError(self.env._("Choose one of the answers, please."))
        return {'answer_choice': text}
