"""Words of shop talk and of grammar, which name no article even where a title has them."""

import re

_GENERIC = (
    "order orders ordered ordering oder parcel parcels package packages packet box boxes item items product products"
    " article"
    " articles thing things stuff goods delivery deliver delivered shipping shipment shipped return returns returned"
    " refund"
    " refunds refunded money payment pay paid price cost invoice bill receipt card account address help please"
    " thanks thank"
    " hello service support customer store shop website size sizes colour color one ones two both all set pack pair"
    " piece"
    " pieces new old the and for with from this that these those your you our not was has have had are can will"
    " would could"
    " should want need like get got send sent back when where what which why how who now still never yet arrived"
    " received"
    " missing broken damaged wrong right cancel change track tracking number status today yesterday also only just"
    " but its"
    " day days week weeks time there here then than they them very good bad too out off into over under about after"
    " before"
    " again any some other more most first last next work works working looks look make made take while write white"
    " wish"
    " light night left large small medium big black blue red green pro plus mini max best better"
    " bestellung bestellungen paket pakete sendung lieferung artikel ware produkt rechnung rückgabe ruckgabe"
    " erstattung geld"
    " der die das den dem des ein eine einen einer und oder mit für fur von ist sind war hat habe haben ich mein"
    " meine meinen"
    " meiner bitte nicht noch wann wie was wer kein keine auch nur aber beide zurück zuruck groß gross klein neu"
    " commande commandes colis article produit livraison remboursement retour argent facture les des une est pas mon"
    " mes"
    " pour avec dans sur que qui mais aussi merci bonjour vous nous votre notre plus petit grand"
    " pedido pedidos paquete paquetes producto productos articulo envio entrega reembolso devolucion dinero factura"
    " los las"
    " una por con para que pero mas gracias hola mis sus muy grande"
    " encomenda pacote produto produtos entrega reembolso devolucao dinheiro fatura uma dos das meu minha nao sim"
    " obrigado"
    " saman samaan maal paisa paise mera meri mere hai hain nahi kahan kab kya wala wali aaya mila chahiye karo kar"
    " raha"
)
_LINKS = "de du des d à la le del do da of the für mit con para in"
GENERIC, LINKS = frozenset(_GENERIC.split()), frozenset(_LINKS.split())
# "I can't stand it", "to watch": a verb and no article.
VERB_BEFORE = re.compile(
    r"\b(?:to|i|we|you|they|can|can't|can’t|cannot|can not|could|couldn't|will|won't|don't|didn't|must|should|would"
    r"|let me)\s+$",
    re.IGNORECASE,
)
