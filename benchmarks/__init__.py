"""How fast the product is, beside its peers. Run by `script/bench`; never collected by pytest."""
