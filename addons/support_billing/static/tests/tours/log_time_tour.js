import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

registry.category("web_tour.tours").add("support_billing_log_time", {
    steps: () => [
        {
            content: "Open the choice of the order line",
            trigger: ".o_field_widget[name=sale_line_id] input",
            run: "click",
        },
        {
            content: "Agents are not offered the list of order lines",
            trigger:
                ".o-autocomplete--dropdown-menu:has(.o-autocomplete--dropdown-item:contains(Support Hour)):not(:has(.o_m2o_dropdown_option_search_more))",
        },
        {
            content: "Choose the time and materials order",
            trigger: ".o-autocomplete--dropdown-item:contains(Support Hour) > a",
            run: "click",
        },
        {
            trigger: ".nav-link[name=timesheets]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=timesheet_ids] .o_field_x2many_list_row_add a",
            run: "click",
        },
        {
            trigger: ".o_selected_row .o_field_widget[name=name] input",
            run: "edit On the phone",
        },
        {
            trigger: ".o_selected_row .o_field_widget[name=unit_amount] input",
            run: "edit 2:00",
        },
        {
            content: "A line begun with the keyboard and left empty is not kept",
            trigger: ".o_selected_row .o_field_widget[name=unit_amount] input",
            run: "press Tab",
        },
        {
            trigger: ".o_field_widget[name=timesheet_ids] .o_data_row:nth-child(2)",
        },
        ...stepUtils.saveForm(),
        {
            trigger: ".o_field_widget[name=total_hours_spent]:contains(02:00)",
        },
    ],
});

registry.category("web_tour.tours").add("support_billing_log_time_mobile", {
    steps: () => [
        {
            content: "Open the choice of the order line",
            trigger: ".o_field_widget[name=sale_line_id] .o_select_menu_toggler",
            run: "click",
        },
        {
            content: "Choose the time and materials order",
            trigger: ".o_select_menu_item:contains(Support Hour)",
            run: "click",
        },
        {
            trigger: ".nav-link[name=timesheets]",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=timesheet_ids] .o-kanban-button-new",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=name] input",
            run: "edit On the phone",
        },
        {
            trigger: ".modal .o_field_widget[name=unit_amount] input",
            run: "edit 2:00",
        },
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_field_widget[name=timesheet_ids] .o_kanban_record:contains(02:00)",
        },
        ...stepUtils.saveForm(),
    ],
});
