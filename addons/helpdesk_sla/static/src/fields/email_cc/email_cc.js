import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { CharField, charField } from "@web/views/fields/char/char_field";

/** Who is in copy of a ticket, each with a button that makes a follower of them. */
export class EmailCcField extends CharField {
    static template = "helpdesk_sla.EmailCcField";

    setup() {
        super.setup();
        this.orm = useService("orm");
    }

    get addresses() {
        const text = this.props.record.data[this.props.name] || "";
        const found = text.matchAll(/(?:"([^"]*)"|([^",<]*?))\s*<?([^\s<>,;"]+@[^\s<>,;"]+)>?/g);
        return Array.from(found, ([, quoted, name, email]) => ({
            email,
            label: (quoted || name || "").trim() || email,
        }));
    }

    get mayFollow() {
        return Boolean(this.props.record.resId) && !this.props.readonly;
    }

    async follow(email) {
        const { record } = this.props;
        if (await record.save()) {
            await this.orm.call(record.resModel, "action_follow_in_copy", [[record.resId], email]);
            await record.model.load();
        }
    }
}

export const emailCcField = { ...charField, component: EmailCcField };

registry.category("fields").add("helpdesk_email_cc", emailCcField);
