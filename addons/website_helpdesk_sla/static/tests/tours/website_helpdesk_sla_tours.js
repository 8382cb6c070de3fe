import { registry } from "@web/core/registry";
import { clickOnSave } from "@website/js/tours/tour_utils";

const FORM = "form[data-model_name='helpdesk.ticket']";

function fillIn(values) {
    return Object.entries(values).map(([name, value]) => ({
        content: `Fill in ${name}`,
        trigger: `${FORM} [name='${name}']`,
        run: `edit ${value}`,
    }));
}

const send = {
    content: "Send the form",
    trigger: `${FORM} .s_website_form_send`,
    run: "click",
};

const thankYou = {
    content: "The thank-you page names the ticket",
    trigger: ".o_helpdesk_reference:contains(/HT\\d+/)",
};

registry.category("web_tour.tours").add("website_helpdesk_sla_visitor", {
    steps: () => [
        {
            content: "Wait for the form to know its team",
            trigger: `${FORM} input[name='team_id'][value]:not(:visible)`,
        },
        {
            content: "People do not see what robots fill in",
            trigger: `${FORM} input[name='homepage_url']:not(:visible)`,
        },
        ...fillIn({
            partner_name: "Vera Visitor",
            partner_email: "vera@visitor.example",
            name: "Invoices cannot be posted",
            description: "The button does nothing.",
        }),
        {
            content: "Something important is not possible",
            trigger: `${FORM} select[name='priority']`,
            run: "select 2",
        },
        {
            content: "Attach a file",
            trigger: `${FORM} input[type='file']`,
            run() {
                const transfer = new DataTransfer();
                transfer.items.add(
                    new File(["nothing happens"], "screenshot.txt", { type: "text/plain" })
                );
                this.anchor.files = transfer.files;
                this.anchor.dispatchEvent(new Event("change", { bubbles: true }));
            },
        },
        {
            content: "The file is listed",
            trigger: `${FORM} .o_file_name:contains('screenshot.txt')`,
        },
        { ...send, expectUnloadPage: true },
        thankYou,
        {
            content: "It names the address of the confirmation",
            trigger: "#wrap:contains('vera@visitor.example')",
        },
    ],
});

registry.category("web_tour.tours").add("website_helpdesk_sla_refused", {
    steps: () => [
        {
            trigger: `${FORM} input[name='team_id'][value]:not(:visible)`,
        },
        ...fillIn({
            partner_name: "Vera Visitor",
            partner_email: "vera@visitor.example",
            name: "Once more",
            description: "And again.",
        }),
        send,
        {
            content: "The reason is shown",
            trigger: `${FORM} #s_website_form_result:contains('Please wait')`,
        },
        {
            content: "What was typed is still there",
            trigger: `${FORM} textarea[name='description']:value(And again.)`,
        },
    ],
});

registry.category("web_tour.tours").add("website_helpdesk_sla_portal", {
    steps: () => [
        {
            content: "Name and address are filled in",
            trigger: `${FORM} input[name='partner_name']:value(Clara Client)`,
        },
        {
            trigger: `${FORM} input[name='partner_email']:value(clara@client.example)`,
        },
        ...fillIn({ name: "A question", description: "How do I post an invoice?" }),
        { ...send, expectUnloadPage: true },
        thankYou,
        {
            content: "Follow the ticket",
            trigger: "a[href*='/my/tickets/']",
        },
    ],
});

// the page of a team has an address of its own in each test: no registerWebsitePreviewTour
const editMode = {
    content: "Wait for the edit mode",
    trigger: ".o_builder_sidebar_open",
    timeout: 30000,
};

// without the key that only registerWebsitePreviewTour knows
const save = () => clickOnSave().map(({ noPrepend, ...step }) => step);

registry.category("web_tour.tours").add("website_helpdesk_sla_edit", {
    steps: () => [
        editMode,
        {
            content: "Select the form",
            trigger: `:iframe ${FORM}`,
            run: "click",
        },
        {
            content: "Add a field",
            trigger: ".o_customize_tab button:contains('+ Field')",
            run: "click",
        },
        {
            content: "Give it a name",
            trigger: ".o_customize_tab div[data-action-id='setLabelText'] input",
            run: "edit Building && press Tab",
        },
        {
            content: "The form has the field",
            trigger: `:iframe ${FORM} .s_website_form_field:has(label:contains('Building')) input[name='Building']`,
        },
        ...save(),
    ],
});

registry.category("web_tour.tours").add("website_helpdesk_sla_edited", {
    steps: () => [
        {
            trigger: `${FORM} input[name='team_id'][value]:not(:visible)`,
        },
        ...fillIn({
            partner_name: "Vera Visitor",
            partner_email: "vera@visitor.example",
            name: "The lift stands still",
            description: "On the second floor.",
            Building: "North wing",
        }),
        { ...send, expectUnloadPage: true },
        thankYou,
    ],
});

registry.category("web_tour.tours").add("website_helpdesk_sla_action", {
    steps: () => [
        editMode,
        {
            content: "Select the contact form",
            trigger: ":iframe #wrap.o_editable section.s_website_form",
            run: "click",
        },
        {
            trigger: ".o-snippets-menu .o-snippets-tabs [data-name='customize'].active",
        },
        {
            content: "Open the actions",
            trigger: ".o-snippets-menu [data-label='Action'] .dropdown-toggle",
            run: "click",
        },
        {
            content: "Choose to create a ticket",
            trigger: ".o_popover [data-action-id='selectAction']:contains('Create a Ticket')",
            run: "click",
        },
        {
            content: "Open the teams",
            trigger: ".o-snippets-menu [data-label='Helpdesk Team'] .dropdown-toggle",
            run: "click",
        },
        {
            content: "Choose a team",
            trigger: ".o_popover [data-action-id='addActionField']:contains('Machine Room')",
            run: "click",
        },
        {
            content: "The form knows its team",
            trigger: `:iframe ${FORM} input[name='team_id']:not(:visible)`,
        },
        ...save(),
        {
            trigger: `:iframe ${FORM}:has(select[name='priority'])`,
        },
    ],
});
