import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { useSlaClock } from "../../core/sla_clock";
import { describePromise } from "../../core/sla_promise";

/**
 * The nearest deadline as a badge: how much is left, in the colour of its state; the exact time is
 * in the tooltip.
 */
export class SlaDeadlineField extends Component {
    static template = "helpdesk_sla.SlaDeadlineField";
    static props = {
        ...standardFieldProps,
        warningField: String,
        pausedField: String,
        resultField: String,
    };

    setup() {
        this.clock = useSlaClock();
    }

    get currentPromise() {
        const { data } = this.props.record;
        return describePromise(
            {
                deadline: data[this.props.name],
                warningDate: data[this.props.warningField],
                pausedSince: data[this.props.pausedField],
                result: data[this.props.resultField],
            },
            this.clock.now
        );
    }
}

function getOptions({ options }) {
    return {
        warningField: options?.warning_field || "sla_warning_date",
        pausedField: options?.paused_field || "sla_paused_since",
        resultField: options?.result_field || "sla_result",
    };
}

export const slaDeadlineField = {
    component: SlaDeadlineField,
    displayName: _t("SLA Deadline"),
    supportedOptions: [
        {
            label: _t("Field of the moment from which the deadline approaches"),
            name: "warning_field",
            type: "field",
            availableTypes: ["datetime"],
        },
        {
            label: _t("Field of the moment since which the clock stands still"),
            name: "paused_field",
            type: "field",
            availableTypes: ["datetime"],
        },
        {
            label: _t("Field of the result"),
            name: "result_field",
            type: "field",
            availableTypes: ["selection"],
        },
    ],
    supportedTypes: ["datetime"],
    fieldDependencies: (fieldInfo) => {
        const { warningField, pausedField, resultField } = getOptions(fieldInfo);
        return [
            { name: warningField, type: "datetime" },
            { name: pausedField, type: "datetime" },
            { name: resultField, type: "selection", selection: [] },
        ];
    },
    extractProps: getOptions,
    listViewWidth: 130,
    // a paused or finished ticket has no deadline, and still something to tell
    isEmpty: () => false,
};

registry.category("fields").add("helpdesk_sla_deadline", slaDeadlineField);
