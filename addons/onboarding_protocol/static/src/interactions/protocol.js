import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

/**
 * The checklist of the go-live protocol: counts while the client ticks, and takes the signature away
 * until what was ticked is saved. What is signed is what the server has.
 */
export class ProtocolChecklist extends Interaction {
    static selector = ".o_protocol_page";
    dynamicContent = {
        ".o_protocol_checklist": { "t-on-input": this.onInput },
        ".o_protocol_sign": { "t-att-class": () => ({ "d-none": this.isDirty }) },
        ".o_protocol_unsaved": { "t-att-class": () => ({ "d-none": !this.isDirty }) },
        ".o_protocol_count": { "t-out": () => this.count },
        ".progress-bar": { "t-att-style": () => ({ width: `${(100 * this.count) / (this.total || 1)}%` }) },
    };

    setup() {
        this.isDirty = false;
        this.rows = [...this.el.querySelectorAll(".o_protocol_line")];
        this.total = this.rows.length;
        this.recount();
    }

    recount() {
        const checklist = this.el.querySelector(".o_protocol_checklist");
        this.count = checklist
            ? this.rows.filter((row) => row.querySelector("input[type=checkbox]:checked")).length
            : Number(this.el.querySelector(".o_protocol_count")?.textContent || 0);
    }

    /**
     * @param {InputEvent} ev
     */
    onInput(ev) {
        const box = ev.target;
        if (box.type === "checkbox" && box.checked) {
            // it works, or it is an accepted exception
            const row = box.closest(".o_protocol_line");
            for (const other of row.querySelectorAll("input[type=checkbox]")) {
                other.checked = other === box;
            }
        }
        this.isDirty = true;
        this.recount();
    }
}

registry.category("public.interactions").add("onboarding_protocol.checklist", ProtocolChecklist);
