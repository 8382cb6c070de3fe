import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

registry.category("web_tour.tours").add("helpdesk_ticket_tour", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "open the app",
            trigger: '.o_app[data-menu-xmlid="helpdesk_sla.menu_helpdesk_root"]',
            run: "click",
        },
        {
            content: "open the tickets of the team from its card",
            trigger:
                '.o_helpdesk_team_kanban .o_kanban_record:contains("Tour Team") button:contains("Open")',
            run: "click",
        },
        {
            content: "the list of the team shows what is open",
            trigger: '.o_searchview_facet:contains("Open")',
        },
        {
            content: "register a call",
            trigger: '.o_kanban_group:contains("New") .o_kanban_quick_add',
            run: "click",
        },
        {
            content: "say what it is about",
            trigger: ".o_kanban_quick_create .o_field_widget[name=name] input",
            run: "edit The scanner does not scan",
        },
        {
            content: "open the whole ticket",
            trigger: ".o_kanban_quick_create .o_kanban_edit",
            run: "click",
        },
        {
            content: "its promise is visible, and in time",
            trigger:
                '.o_helpdesk_sla_promise:contains("Solved within a day") [data-sla-state=running]',
        },
        {
            content: "take it",
            trigger: "button[name=action_assign_to_me]",
            run: "click",
        },
        {
            content: "it is mine now",
            trigger: ".o_form_view:not(:has(button[name=action_assign_to_me]))",
        },
        {
            content: "the first answer was given on the phone",
            trigger: "button[name=action_responded_by_phone]",
            run: "click",
        },
        {
            content: "which is noted",
            trigger: ".o_form_view:not(:has(button[name=action_responded_by_phone]))",
        },
        {
            content: "work on it",
            trigger: '.o_statusbar_status button:contains("In Progress")',
            run: "click",
        },
        {
            content: "it is in progress",
            trigger: '.o_statusbar_status .o_arrow_button_current:contains("In Progress")',
        },
        {
            content: "solve it",
            trigger: "button[name=action_solve]",
            run: "click",
        },
        {
            content: "it can be reopened",
            trigger: "button[name=action_reopen]",
        },
        {
            content: "the promise was kept",
            trigger:
                '.o_helpdesk_sla_promise:contains("Solved within a day") [data-sla-state=reached]',
        },
    ],
});
