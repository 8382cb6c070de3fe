from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class HypercareTopic(models.Model):
    """ The answer can be a content of a course. """

    _inherit = 'hypercare.topic'

    slide_id = fields.Many2one(
        comodel_name='slide.slide',
        string="Content of a Course",
        domain=lambda self: list(self._get_readable_slides_domain()),
        index='btree_not_null',
        ondelete='set null',
        help="Instead of the link. Clients have to be able to read it: published, in a course for "
             "everybody or for who is signed in.",
    )

    # === COMPUTE METHODS === #

    @api.depends('slide_id')
    def _compute_has_answer(self):
        super()._compute_has_answer()

    # === CONSTRAINT METHODS === #

    @api.constrains('slide_id')
    def _check_slide_id(self):
        for topic in self:
            # sudo: slide.slide - whether clients can read it
            slide_sudo = topic.slide_id.sudo()
            if slide_sudo and not slide_sudo.filtered_domain(self._get_readable_slides_domain()):
                raise ValidationError(self.env._(
                    "Clients cannot read \"%(slide)s\". Publish it in a course for everybody or "
                    "for who is signed in, or choose another one.",
                    slide=slide_sudo.name,
                ))

    # === BUSINESS METHODS === #

    @api.model
    def _get_readable_slides_domain(self):
        """ Return the contents that every client can read. """
        return Domain([
            ('is_category', '=', False),
            ('is_published', '=', True),
            ('channel_id.is_published', '=', True),
            ('channel_id.visibility', 'in', ('public', 'connected')),
        ])

    @api.model
    def _get_answer_domain(self):
        return super()._get_answer_domain() | Domain('slide_id', '!=', False)

    def _get_answer_link(self):
        self.ensure_one()
        # sudo: slide.slide - its address, of what every client can read
        slide_sudo = self.slide_id.sudo().filtered_domain(self._get_readable_slides_domain())
        return slide_sudo.website_absolute_url or super()._get_answer_link()
