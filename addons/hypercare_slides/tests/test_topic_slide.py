from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged


@tagged('post_install', '-at_install')
class TestTopicSlide(TransactionCase):
    """ The answer to a topic is a content of a course (G5). """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channel = cls.env['slide.channel'].create({
            'name': "Course", 'is_published': True, 'visibility': 'connected', 'enroll': 'public',
        })
        cls.slide = cls.env['slide.slide'].create({
            'name': "Returns explained", 'channel_id': cls.channel.id,
            'slide_category': 'article', 'is_published': True,
        })
        cls.topic = cls.env['hypercare.topic'].create({
            'name': "How a return is registered", 'slide_id': cls.slide.id,
        })

    def test_G5_a_content_of_a_course_is_the_answer(self):
        self.assertTrue(self.topic.has_answer)
        self.assertEqual(self.topic._get_answer_link(), self.slide.website_absolute_url)
        self.assertIn(self.slide.website_absolute_url, self.topic._get_answer_body())
        self.assertIn(self.topic, self.topic.search([('has_answer', '=', True)]))

    def test_G5_what_clients_cannot_read_is_no_answer(self):
        self.slide.is_published = False
        self.topic.invalidate_recordset()
        self.assertFalse(self.topic.has_answer)
        self.topic.answer_url = 'https://help.example/returns'
        self.assertEqual(self.topic._get_answer_link(), 'https://help.example/returns')

    def test_G5_a_content_for_members_only_is_not_chosen(self):
        self.channel.visibility = 'members'
        with self.assertRaises(ValidationError):
            self.topic.copy({'name': "Another one"})
