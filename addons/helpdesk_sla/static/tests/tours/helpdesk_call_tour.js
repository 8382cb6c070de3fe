import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("helpdesk_call_tour", {
    steps: () => [
        {
            content: "one click from the cards",
            trigger: '.o_control_panel button:contains("Log a Call")',
            run: "click",
        },
        {
            content: "the number that the telephone shows",
            trigger: ".modal .o_field_widget[name=phone] input",
            run: "edit 0048 22 555 01 99 && press Tab",
        },
        {
            content: "says who calls",
            trigger: '.modal .o_field_widget[name=partner_id] input:value("Tour Caller")',
        },
        {
            content: "what it is about",
            trigger: ".modal .o_field_widget[name=name] input",
            run: "edit The scanner is broken",
        },
        {
            content: "and the second click",
            trigger: '.modal button:contains("Log Call")',
            run: "click",
        },
        {
            content: "opens the ticket, with the call in its thread",
            trigger: '.o-mail-Message:contains("Incoming call, answered")',
        },
        {
            content: "look at what has to be done",
            trigger: '.o_notebook_headers .nav-link:contains("Checklist")',
            run: "click",
        },
        {
            content: "it is not solved before",
            trigger: "button[name=action_solve]",
            run: "click",
        },
        {
            content: "and says why",
            trigger: '.modal:contains("Replace the battery")',
        },
        {
            content: "go back",
            trigger: ".modal .modal-footer .btn-primary",
            run: "click",
        },
        {
            content: "tick it off",
            trigger: ".o_field_widget[name=checklist_line_ids] .o_data_row td[name=is_done]",
            run: "click",
        },
        {
            content: "ticked off",
            trigger:
                ".o_field_widget[name=checklist_line_ids] .o_data_row td[name=is_done] input:checked",
        },
        {
            content: "solve it",
            trigger: "button[name=action_solve]",
            run: "click",
        },
        {
            content: "solved",
            trigger: "button[name=action_reopen]",
        },
    ],
});
