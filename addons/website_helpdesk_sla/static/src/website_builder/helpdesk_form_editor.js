import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

registry.category("website.form_editor_actions").add("create_helpdesk_ticket", {
    formFields: [
        {
            type: "char",
            required: true,
            fillWith: "name",
            name: "partner_name",
            string: _t("Your Name"),
        },
        {
            type: "email",
            required: true,
            fillWith: "email",
            name: "partner_email",
            string: _t("Your E-mail"),
        },
        {
            type: "tel",
            fillWith: "phone",
            name: "partner_phone",
            string: _t("Phone Number"),
        },
        {
            type: "char",
            modelRequired: true,
            name: "name",
            string: _t("Subject"),
        },
        {
            type: "many2one",
            name: "priority",
            string: _t("How Urgent Is It?"),
            records: [
                { id: "0", display_name: _t("A question or an idea, our work goes on") },
                {
                    id: "1",
                    display_name: _t("It slows us down, but we can work"),
                    selected: true,
                },
                { id: "2", display_name: _t("Something important is not possible") },
                { id: "3", display_name: _t("Work has stopped") },
            ],
        },
        {
            type: "text",
            required: true,
            name: "description",
            string: _t("What Happened?"),
        },
        {
            type: "binary",
            custom: true,
            name: _t("Attachments"),
        },
    ],
    fields: [
        {
            name: "team_id",
            type: "many2one",
            required: true,
            relation: "helpdesk.team",
            string: _t("Helpdesk Team"),
            domain: [
                ["use_website_form", "=", true],
                ["is_published", "=", true],
            ],
            createAction: "helpdesk_sla.helpdesk_team_action",
        },
    ],
    successPage: "/helpdesk/thank-you",
});
