import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { computeM2OProps, Many2One } from "@web/views/fields/many2one/many2one";
import { buildM2OFieldDescription, Many2OneField } from "@web/views/fields/many2one/many2one_field";
import { Many2XAutocomplete } from "@web/views/fields/relational_utils";

/** Support agents get the names of order lines, but have no access to the list of them. */
export class SupportSaleLineAutocomplete extends Many2XAutocomplete {
    static template = "support_billing.SupportSaleLineAutocomplete";

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

/** The choice of the order line to which the time spent on a ticket goes. */
export class SupportSaleLineField extends Component {
    static template = "support_billing.SupportSaleLineField";
    static components = { Many2One: SupportSaleLineMany2One };
    static props = { ...Many2OneField.props };

    get m2oProps() {
        return computeM2OProps(this.props);
    }

    get emptyLabel() {
        return this.props.record.fields[this.props.name].falsy_value_label;
    }
}

registry.category("fields").add("support_sale_line", {
    ...buildM2OFieldDescription(SupportSaleLineField),
});
