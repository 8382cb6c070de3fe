import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

/** Files can be dropped on the form; the stock field lists them and has them sent. */
export class DropFiles extends Interaction {
    static selector = ".o_helpdesk_team_page .s_website_form form";
    dynamicContent = {
        _root: {
            "t-on-dragover": this.onDragOver,
            "t-on-dragleave": this.onDragLeave,
            "t-on-drop": this.onDrop,
            "t-att-class": () => ({ o_helpdesk_drop_over: this.isOver }),
        },
    };

    setup() {
        this.isOver = false;
    }

    /** Text that is dragged into a field is the browser's affair. */
    hasFiles(ev) {
        return ev.dataTransfer.types.includes("Files");
    }

    onDragOver(ev) {
        if (this.hasFiles(ev)) {
            ev.preventDefault();
            this.isOver = true;
        }
    }

    onDragLeave(ev) {
        // also sent when the pointer enters a child of the form
        if (!this.el.contains(ev.relatedTarget)) {
            this.isOver = false;
        }
    }

    onDrop(ev) {
        this.isOver = false;
        if (!this.hasFiles(ev)) {
            return;
        }
        // or the browser would leave the page to show the file
        ev.preventDefault();
        const input = this.el.querySelector("input[type=file]");
        if (input && ev.dataTransfer.files.length) {
            input.files = ev.dataTransfer.files;
            input.dispatchEvent(new Event("change", { bubbles: true }));
        }
    }
}

registry.category("public.interactions").add("website_helpdesk_sla.drop_files", DropFiles);
