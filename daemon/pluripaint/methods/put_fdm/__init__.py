"""PUT (CVPR 2022, TPAMI 2024) and FDM (WACV 2025): transformer inpainting over a dual patch codebook.

In: a scene whose hole touches some patches.  Out: one fill per seed.  ``networks`` puts the parts together,
``sampling`` draws tokens, ``importer`` reads published key names, ``method`` serves the pipeline.  Open
``config`` first.
"""
