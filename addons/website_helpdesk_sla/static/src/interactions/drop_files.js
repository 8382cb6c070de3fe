import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

/** Files can be dropped on the form; the stock field lists them and has them sent. */
export class DropFiles extends Interaction {
    static selector = ".o_helpdesk_team_page .s_website_form form";
    dynamicContent = {
        _root: {
            "t-on-dragover.prevent": () => (this.isOver = true),
            "t-on-dragleave": () => (this.isOver = false),
            "t-on-drop.prevent": this.onDrop,
            "t-att-class": () => ({ o_helpdesk_drop_over: this.isOver }),
        },
    };

    setup() {
        this.isOver = false;
    }

    onDrop(ev) {
        this.isOver = false;
        const input = this.el.querySelector("input[type=file]");
        if (input && ev.dataTransfer.files.length) {
            input.files = ev.dataTransfer.files;
            input.dispatchEvent(new Event("change", { bubbles: true }));
        }
    }
}

registry.category("public.interactions").add("website_helpdesk_sla.drop_files", DropFiles);
