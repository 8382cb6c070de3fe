import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { formatFloatTime } from "@web/views/fields/formatters";
import { FloatTimeField, floatTimeField } from "@web/views/fields/float_time/float_time_field";
import { parseFloatTime } from "@web/views/fields/parsers";
import { useInputField } from "@web/views/fields/input_field_hook";
import { useNumpadDecimal } from "@web/views/fields/numpad_decimal_hook";
import { useRef } from "@odoo/owl";

/**
 * A time that may be left empty: zero is not shown as 00:00, because it means that nothing is
 * promised.
 */
export class SlaTimeField extends FloatTimeField {
    static template = "helpdesk_sla.SlaTimeField";

    setup() {
        this.inputFloatTimeRef = useRef("numpadDecimal");
        useInputField({
            getValue: () => this.formattedValue,
            refName: "numpadDecimal",
            parse: (value) => (value.trim() ? parseFloatTime(value.trim()) : 0),
        });
        useNumpadDecimal();
    }

    get formattedValue() {
        const value = this.props.record.data[this.props.name];
        return value ? formatFloatTime(value) : "";
    }
}

export const slaTimeField = {
    ...floatTimeField,
    component: SlaTimeField,
    displayName: _t("Time that may be empty"),
};

registry.category("fields").add("helpdesk_sla_time", slaTimeField);
