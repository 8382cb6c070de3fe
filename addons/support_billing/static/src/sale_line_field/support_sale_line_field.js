import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { SelectMenu } from "@web/core/select_menu/select_menu";
import { useService } from "@web/core/utils/hooks";
import { computeM2OProps, Many2One } from "@web/views/fields/many2one/many2one";
import { buildM2OFieldDescription, Many2OneField } from "@web/views/fields/many2one/many2one_field";
import { Many2XAutocomplete } from "@web/views/fields/relational_utils";

const CHOICES_LIMIT = 80;

/** Support agents get the names of order lines, but have no access to the list of them. */
export class SupportSaleLineAutocomplete extends Many2XAutocomplete {
    addSearchMoreSuggestion() {
        return false;
    }
}

export class SupportSaleLineMany2One extends Many2One {
    static components = {
        ...Many2One.components,
        Many2XAutocomplete: SupportSaleLineAutocomplete,
    };
}

/**
 * The choice of the order line to which the time spent on a ticket goes: a many2one without
 * "Search more", and a menu where a many2one would open the list of records (phones).
 */
export class SupportSaleLineField extends Component {
    static template = "support_billing.SupportSaleLineField";
    static components = { Many2One: SupportSaleLineMany2One, SelectMenu };
    static props = { ...Many2OneField.props };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ choices: [] });
        if (this.env.isSmall) {
            // before the menu opens: it takes its height from what it holds then
            onWillStart(() => this.loadChoices(this.props));
            onWillUpdateProps((nextProps) => {
                if (JSON.stringify(nextProps.context) !== JSON.stringify(this.props.context)) {
                    this.loadChoices(nextProps);
                }
            });
        }
    }

    get m2oProps() {
        return computeM2OProps(this.props);
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    get emptyLabel() {
        return this.props.record.fields[this.props.name].falsy_value_label;
    }

    get choices() {
        const choices = [...this.state.choices];
        if (this.value && !choices.some((choice) => choice.value === this.value.id)) {
            choices.unshift({ value: this.value.id, label: this.value.display_name });
        }
        return choices;
    }

    async loadChoices({ context, name, readonly, record }) {
        if (readonly) {
            return;
        }
        const { relation } = record.fields[name];
        const lines = await this.orm.call(relation, "name_search", [], {
            limit: CHOICES_LIMIT,
            context,
        });
        this.state.choices = lines.map(([value, label]) => ({ value, label }));
    }

    onSelect(id) {
        const choice = this.choices.find((choice) => choice.value === id);
        this.props.record.update({
            [this.props.name]: choice ? { id, display_name: choice.label } : false,
        });
    }
}

registry.category("fields").add("support_sale_line", {
    ...buildM2OFieldDescription(SupportSaleLineField),
});
