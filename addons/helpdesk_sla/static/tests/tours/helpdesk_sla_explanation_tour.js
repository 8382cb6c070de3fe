import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("helpdesk_sla_explanation_tour", {
    steps: () => [
        {
            content: "how much of the time is used is visible on the promise",
            trigger: ".o_helpdesk_sla_promise [role=progressbar]",
        },
        {
            content: "ask why it is due when it is",
            trigger: '.o_helpdesk_sla_promise button:contains("Solved within a day")',
            run: "click",
        },
        {
            content: "who paused it, and because of whom",
            trigger:
                '.o_helpdesk_sla_explanation [data-kind=paused]:contains("Waiting for the customer (Awaiting Customer)"):contains("Paused by Agent")',
        },
        {
            content: "the sum is what was promised",
            trigger: '.o_helpdesk_sla_sum:contains("8h 00m 00s of 8h 00m 00s")',
        },
        {
            content: "close it",
            trigger: ".o_helpdesk_sla_explanation footer button",
            run: "click",
        },
        {
            content: "all promises are in a list",
            trigger: ".o_form_view:not(:has(.o_helpdesk_sla_explanation)) .nav-link[name=sla]",
            run: "click",
        },
        {
            content: "which explains them too",
            trigger: "[name=sla_status_ids] .o_data_row button[name=action_explain]",
            run: "click",
        },
        {
            content: "in the same dialog",
            trigger: '.o_helpdesk_sla_explanation:contains("Solved within a day")',
        },
    ],
});
