import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { formatFloat } from "@web/core/utils/numbers";
import { Interaction } from "@web/public/interaction";

const MB = 1024 * 1024;

/**
 * Files that are chosen, dropped or pasted; each can be taken out again. The server has the last word
 * on what it takes.
 */
export class FileDrop extends Interaction {
    static selector = ".o_helpdesk_file_drop";
    dynamicContent = {
        "input[type=file]": { "t-on-change": this.onChange },
        ".o_helpdesk_drop_zone": {
            "t-on-dragover.prevent": () => (this.isOver = true),
            "t-on-dragleave": () => (this.isOver = false),
            "t-on-drop.prevent": this.onDrop,
            "t-att-class": () => ({ o_helpdesk_drop_over: this.isOver }),
        },
        _document: { "t-on-paste": this.onPaste },
        ".o_helpdesk_file_error": { "t-out": () => this.error },
        ".o_helpdesk_file_list": { "t-on-click": this.onClick },
    };

    setup() {
        this.files = [];
        this.isOver = false;
        this.error = "";
        this.inputEl = this.el.querySelector("input[type=file]");
        this.listEl = this.el.querySelector(".o_helpdesk_file_list");
    }

    start() {
        // chosen while the page was still loading
        if (this.inputEl.files.length) {
            this.onChange();
        }
    }

    onChange() {
        this.add(this.inputEl.files);
    }

    onDrop(ev) {
        this.isOver = false;
        this.add(ev.dataTransfer.files);
    }

    onPaste(ev) {
        if (ev.clipboardData.files.length) {
            ev.preventDefault();
            this.add(ev.clipboardData.files);
        }
    }

    onClick(ev) {
        const button = ev.target.closest("button[data-index]");
        if (button) {
            this.files.splice(Number(button.dataset.index), 1);
            this.show();
            this.inputEl.focus();
        }
    }

    /**
     * @param {FileList} files
     */
    add(files) {
        const known = new Set(this.files.map((file) => `${file.name} ${file.size}`));
        this.files.push(...[...files].filter((file) => !known.has(`${file.name} ${file.size}`)));
        this.show();
    }

    show() {
        const transfer = new DataTransfer();
        this.files.forEach((file) => transfer.items.add(file));
        this.inputEl.files = transfer.files;
        const { maxFiles, maxMb } = this.el.dataset;
        const size = this.files.reduce((sum, file) => sum + file.size, 0);
        this.error = "";
        if (this.files.length > Number(maxFiles)) {
            this.error = _t("Too many files: at most %s, please.", maxFiles);
        } else if (size > Number(maxMb) * MB) {
            this.error = _t("The files are too large: at most %s MB together, please.", maxMb);
        }
        // the browser holds the form back, and says why
        this.inputEl.setCustomValidity(this.error.toString());
        this.listEl.replaceChildren();
        this.renderAt("helpdesk_sla.FileDrop", {
            files: this.files.map((file) => ({
                name: file.name,
                size: _t("%s MB", formatFloat(Math.max(file.size / MB, 0.1), { digits: [0, 1] })),
            })),
        }, this.listEl);
        this.updateContent();
    }
}

registry.category("public.interactions").add("helpdesk_sla.file_drop", FileDrop);
